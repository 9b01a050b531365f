"""ADD EXCLUDE: there is no way to add one online.

https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        locks = context.blocking_on(statement, parsed.table) if action.kind == "add exclusion" else ()
        if locks:
            yield Explained(
                headline=f"adding {action.name or 'an exclusion constraint'} blocks reads and writes of "
                f"{parsed.table} while its index is built",
                fix=_fix(code.identifier(parsed.table)),
                object=locks[0].table,
                locks=locks,
            )


def _fix(table: str) -> str:
    copy = code.execute(f"CREATE TABLE {table}_new (LIKE {table} INCLUDING ALL)")
    return f"# no way to add it online: a new table with the constraint, and the rows in batches\n{copy}"


RULE = Rule(
    name="add-exclusion-constraint",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An exclusion constraint is added to a table that is in use.",
    condition="ADD ... EXCLUDE on a table that was there before the revision",
    effect="nobody can read or write the table until it has been read twice and the index is built",
    fix="make a new table with the constraint and move the rows, or run it when nobody uses the table",
    bad=(
        Example(
            setup='op.execute("CREATE TABLE bookings (during tsrange)")',
            upgrade="""
                op.execute("ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)")
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.execute("CREATE TABLE bookings (during tsrange)")
                op.execute("ALTER TABLE bookings ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&)")
            """,
        ),
    ),
    look=look,
    measured=("add-exclude",),
)
