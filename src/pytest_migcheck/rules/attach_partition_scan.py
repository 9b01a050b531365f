"""ATTACH PARTITION that has to read the rows of the new partition, or of the default one.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ATTACH-PARTITION
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import Action, ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    for action in parsed.actions if parsed.kind == "alter table" else ():
        locks = context.blocking(statement) if action.kind == "attach partition" else ()
        if locks:
            tables = " and ".join(dict.fromkeys(lock.table for lock in locks))
            yield Explained(
                headline=f"attaching {action.name} to {parsed.table} blocks reads and writes of {tables} during a scan",
                fix=_fix(locks[0].table, parsed.table, action, context),
                object=locks[0].table,
                locks=locks,
            )


def _fix(table: str, parent: str, action: Action, context: RuleContext) -> str:
    condition = _catalog.partition_condition(context.catalog, parent, action.tail)
    attach = code.execute(f"ALTER TABLE {code.identifier(parent)} {action.text}")
    if condition is None:
        return f"# first a CHECK that equals the bounds, NOT VALID, then validated\n{attach}"
    # The default partition must be known to hold none of the new one's rows.
    check = f"ck_{code.bare(table)}_bounds"
    condition = condition if code.bare(table) == code.bare(action.name) else f"NOT ({condition})"
    return "\n".join(
        (
            "# this revision",
            code.bounds_check(table, condition, valid=False),
            "# the next revision",
            code.validate(table, check),
            attach,
            "# the bounds say it from now on",
            code.call("drop_constraint", code.text(check), code.text(code.bare(table)), *code.schema_argument(table)),
        )
    )


RULE = Rule(
    name="attach-partition-scan",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="ATTACH PARTITION scans a table under ACCESS EXCLUSIVE.",
    condition="ATTACH PARTITION, and no validated CHECK proves the bounds; or the default partition may hold its rows",
    effect="nobody can read or write that partition until every row of it has been looked at",
    fix="add a CHECK equal to the bounds NOT VALID, validate it, then attach; the opposite one on "
    "the default partition",
    bad=(
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
                op.execute("CREATE TABLE events_2 (id bigint, day date)")
            """,
            upgrade="""
                op.execute(
                    "ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM "
                    "('2026-01-01') TO ('2027-01-01')"
                )
            """,
        ),
    ),
    good=(
        Example(
            setup="""
                op.execute("CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)")
                op.execute(
                    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
                )
                op.execute(
                    "CREATE TABLE events_2 (id bigint, day date NOT NULL, CHECK (day >= "
                    "'2026-01-01' AND day < '2027-01-01'))"
                )
            """,
            upgrade="""
                op.execute(
                    "ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM "
                    "('2026-01-01') TO ('2027-01-01')"
                )
            """,
        ),
    ),
    look=look,
    measured=("attach-partition", "attach-partition-with-check", "attach-partition-with-default"),
)
