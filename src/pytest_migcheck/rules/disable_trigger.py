"""DISABLE TRIGGER: what the trigger kept is not kept any more.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_KINDS = frozenset(("disable trigger",))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "alter table" or statement.error is not None or not context.existed(parsed.table):
        return
    for action in parsed.actions:
        if action.kind in _KINDS and _is_off(parsed.table, context):
            yield Explained(
                headline=f"rows of {parsed.table} are written without {action.name}",
                fix=code.execute(
                    f"ALTER TABLE {code.identifier(parsed.table)} ENABLE TRIGGER {code.identifier(action.name)}"
                ),
                object=f"{parsed.table}.{action.name}",
            )


def _is_off(table: str, context: RuleContext) -> bool:
    return any(values.get("enabled") == "D" for _, values in _catalog.parts(context.after, "trigger", table))


RULE = Rule(
    name="disable-trigger",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A trigger is switched off.",
    condition="DISABLE TRIGGER on a table that was there before, and it is still off when the revision has ended",
    effect="rows that running code writes miss what the trigger does",
    fix="leave it on, or switch it on again in the same transaction",
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
                op.execute("CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()")
            """,
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.execute("ALTER TABLE orders DISABLE TRIGGER t")
            """,
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
                op.execute("CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()")
            """,
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.execute("ALTER TABLE orders DISABLE TRIGGER t")
                op.execute("ALTER TABLE orders ENABLE TRIGGER t")
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
    measured=("disable-trigger",),
)
