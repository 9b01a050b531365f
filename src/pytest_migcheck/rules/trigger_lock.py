"""Triggers, rules and policies lock their table for an instant, for which they may have to wait.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.lock import LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = re.compile(r"(create|drop|alter) (trigger|rule|policy)")
_CASCADING = frozenset(("drop function", "drop type", "drop domain", "drop sequence"))
_ACTIONS = frozenset(("disable trigger", "enable trigger", "enable row", "disable row", "force row", "no force"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind in _CASCADING and "CASCADE" in parsed.flags and context.waits_for_ever(statement):
        yield from _cascade(statement, parsed, context)
    acts = parsed.kind == "alter table" and any(action.kind in _ACTIONS for action in parsed.actions)
    if not (acts or _KINDS.fullmatch(parsed.kind)) or not context.waits_for_ever(statement):
        return
    locks = tuple(
        lock
        for lock in context.held_on(statement, parsed.table)
        if lock.mode.blocks_writes and lock in context.acquired(statement)
    )
    if locks:
        what = parsed.kind if parsed.kind != "alter table" else parsed.actions[0].text
        yield Explained(
            headline=f"{what} {locks[0].mode.blocked} of {parsed.table} until the transaction ends",
            fix=code.short_wait(statement),
            object=locks[0].table,
            locks=locks,
        )


def _cascade(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for lock in context.acquired(statement, LockMode.ACCESS_EXCLUSIVE):
        if lock.kind in ("r", "p") and lock.relation == lock.table:
            yield Explained(
                headline=f"{parsed.kind} {parsed.name} also blocks reads and writes of {lock.table}",
                fix=code.short_wait(statement),
                object=lock.table,
                locks=(lock,),
            )


RULE = Rule(
    name="trigger-lock",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A trigger, rule or policy is made, changed or dropped without a lock_timeout.",
    condition="CREATE / DROP / RENAME / DISABLE TRIGGER, CREATE RULE, CREATE POLICY, ENABLE ROW LEVEL "
    "SECURITY; no lock_timeout",
    effect="it waits for running transactions, and what its lock blocks waits behind it",
    fix="set a lock_timeout",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute(
                    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
                )
            """,
            upgrade="""
                op.execute("CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()")
            """,
        ),
        Example(
            setup="""
                op.execute("CREATE TABLE orders (id bigint)")
                op.execute(
                    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
                )
                op.execute(
                    "CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()"
                )
            """,
            upgrade='op.execute("DROP FUNCTION touch() CASCADE")',
            note="the table is not even named",
        ),
    ),
    good=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.execute(
                    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
                )
            """,
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.execute("CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()")
            """,
        ),
    ),
    look=look,
    measured=(
        "create-trigger",
        "disable-trigger",
        "drop-trigger",
        "rename-trigger",
        "create-rule",
        "create-policy",
        "enable-rls",
    ),
)
