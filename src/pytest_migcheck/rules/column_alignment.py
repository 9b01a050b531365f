"""Columns in a bad order leave gaps in every row.

https://www.postgresql.org/docs/current/storage-page-layout.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.rules._style import base_type
from pytest_migcheck.sql.statements import ParsedStatement

_SIZES = {
    "bigint": 8,
    "bigserial": 8,
    "double precision": 8,
    "timestamp with time zone": 8,
    "timestamp without time zone": 8,
    "integer": 4,
    "serial": 4,
    "date": 4,
    "real": 4,
    "smallint": 2,
    "boolean": 1,
}
_WASTE = 8


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    columns = [action for action in parsed.actions if action.kind == "add column"]
    sizes = [_SIZES.get(base_type(column), 0) for column in columns]
    if parsed.kind != "create table" or not all(sizes):
        return
    waste = _padding(sizes) - _padding(sorted(sizes, reverse=True))
    if waste >= _WASTE:
        order = sorted(columns, key=lambda column: -_SIZES[base_type(column)])
        yield Explained(
            headline=f"the order of the columns of {parsed.table} wastes {waste} bytes in every row",
            fix=f"# {', '.join(column.name for column in order)}",
            object=parsed.table,
        )


def _padding(sizes: list[int]) -> int:
    # A row is padded to 8 bytes in the end.
    place = gaps = 0
    for size in (*sizes, 8):
        gap = -place % size
        gaps, place = gaps + gap, place + gap + size
    return gaps


RULE = Rule(
    name="column-alignment",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The order of the columns wastes eight bytes or more in every row.",
    condition="CREATE TABLE whose fixed columns, sorted by size, would take at least 8 bytes less in a row",
    effect="every row of the table is longer than it has to be",
    fix="columns of eight bytes first, then four, two, one, then those of no fixed length",
    bad=(
        Example(
            upgrade="""
                op.create_table(
                    "fresh",
                    sa.Column("a", sa.Boolean),
                    sa.Column("b", sa.BigInteger),
                    sa.Column("c", sa.Boolean),
                    sa.Column("d", sa.BigInteger),
                )
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                op.create_table(
                    "fresh",
                    sa.Column("b", sa.BigInteger),
                    sa.Column("d", sa.BigInteger),
                    sa.Column("a", sa.Boolean),
                    sa.Column("c", sa.Boolean),
                )
            """,
        ),
    ),
    look=look,
    off=True,
    upgrade_only=True,
)
