"""ADD FOREIGN KEY that validates at once.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog, _partitions
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._added import column_of_key
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        key = _key(action, parsed.table, context)
        if key is None or key.flags & {"NOT VALID", "NOT ENFORCED"}:
            continue
        # The key of a new table has no rows to validate; the referenced table is locked, read or not.
        blocking = context.blocking_on(statement, parsed.table)
        if not blocking:
            continue
        tables = dict.fromkeys((parsed.table, key.target))
        locks = {lock: None for table in tables for lock in context.held_on(statement, table)}
        blocked = " and ".join(dict.fromkeys(lock.relation.rpartition(".")[2] for lock in locks))
        locks |= dict.fromkeys(blocking)
        yield Explained(
            headline=f"adding {key.name} blocks writes to {blocked} while the rows are read",
            fix=(_partitions.is_partitioned(blocking) and _partitions.foreign_key(parsed.table, key, context))
            or f"# this revision\n{column_of_key(statement, parsed, key, context)}"
            f"{code.create_foreign_key(parsed.table, key)}\n"
            f"# the next revision\n{code.validate(parsed.table, key.name)}",
            object=next(iter(locks)).table,
            locks=tuple(locks),
        )


# What can follow REFERENCES: https://www.postgresql.org/docs/current/sql-createtable.html
_KEY_OPTION = re.compile(
    r"(?i)\b(?:MATCH (?:FULL|SIMPLE)|ON (?:DELETE|UPDATE) (?:CASCADE|RESTRICT|NO ACTION|SET NULL|SET DEFAULT)"
    r"|(?:NOT )?DEFERRABLE|INITIALLY (?:DEFERRED|IMMEDIATE))\b"
)


def _key(action: Action, table: str, context: RuleContext) -> Action | None:
    """The foreign key of a sub-command, with the name that the server gives to a nameless one."""
    if action.kind == "add column" and action.target and "DEFAULT" in action.flags:
        columns = ", ".join(map(code.quoted, action.target_columns))
        options = " ".join(_KEY_OPTION.findall(action.tail.partition("REFERENCES")[2]))
        target = f"{code.identifier(action.target)}{f' ({columns})' if columns else ''}"
        name = _name(table, action, context)
        text = f"ADD CONSTRAINT {code.quoted(name)} FOREIGN KEY ({code.quoted(action.name)}) REFERENCES {target}"
        text = f"{text} {options}".rstrip()
        return replace(action, kind="add foreign key", name=name, text=text, tail=options, flags=frozenset())
    return replace(action, name=_name(table, action, context)) if action.kind == "add foreign key" else None


def _name(table: str, key: Action, context: RuleContext) -> str:
    if key.kind == "add foreign key" and key.name:
        return key.name
    made = _catalog.made_constraint(context.catalog, context.after, table, "f", key.columns)
    return made or "_".join((code.bare(table), *key.columns, "fkey"))


_SETUP = (
    'op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))\n'
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), '
    'sa.Column("user_id", sa.BigInteger, index=True))'
)
_LOCK_TIMEOUT = "op.execute(\"SET LOCAL lock_timeout = '2s'\")\n"

RULE = Rule(
    name="add-foreign-key-without-not-valid",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A foreign key is added and validated in one statement.",
    condition="ADD FOREIGN KEY without NOT VALID on a table that was there before the revision",
    effect="INSERT, UPDATE and DELETE on both tables wait until all rows of both have been read",
    fix="add it NOT VALID, and VALIDATE CONSTRAINT in a later revision",
    bad=(
        Example(
            setup=_SETUP,
            upgrade='op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"])',
        ),
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))\n'
            'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade='op.add_column("orders", sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id")))',
            also=("foreign-key-without-index",),
            note="Alembic adds the key in a statement of its own, which validates",
        ),
    ),
    good=(
        Example(
            setup=_SETUP,
            upgrade=_LOCK_TIMEOUT + 'op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"], '
            "postgresql_not_valid=True)",
        ),
        Example(
            setup=_SETUP,
            upgrade=_LOCK_TIMEOUT + 'op.create_table("items", sa.Column("user_id", sa.BigInteger, index=True))\n'
            'op.create_foreign_key("fk_user", "items", "users", ["user_id"], ["id"])',
            note="a new table has no rows to validate",
        ),
    ),
    look=look,
    measured=("add-fk", "add-fk-not-valid", "validate-fk", "add-column-references-with-default"),
)
