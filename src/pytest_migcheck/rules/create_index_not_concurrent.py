"""CREATE INDEX without CONCURRENTLY on a table that is in use.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.lock import HeldLock
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules import _partitions
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "create index" or "CONCURRENTLY" in parsed.flags:
        return
    locks = context.blocking_on(statement, parsed.table) or _existing(statement, parsed, context)
    if locks:
        partitioned = _partitions.is_partitioned(locks)
        yield Explained(
            headline=f"building {parsed.name or 'an index'} blocks writes to {parsed.table}",
            fix=_partitions.index(parsed, context) if partitioned else _fix(parsed),
            object=locks[0].table,
            exact=not partitioned and "IF NOT EXISTS" not in parsed.flags,
            locks=locks,
        )


def _fix(parsed: ParsedStatement) -> str:
    concurrent = code.autocommit(code.create_index(parsed))
    if "IF NOT EXISTS" not in parsed.flags:
        return concurrent
    arguments = ", ".join((code.text(code.bare(parsed.table)), *code.schema_argument(parsed.table)))
    names = f'{{index["name"] for index in sa.inspect(op.get_bind()).get_indexes({arguments})}}'
    return f"if {code.text(parsed.name)} not in {names}:\n{code.indented(concurrent)}"


def _existing(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> tuple[HeldLock, ...]:
    # IF NOT EXISTS of one that exists reads nothing, and locks all the same.
    return context.held_on(statement, parsed.table) if "IF NOT EXISTS" in parsed.flags else ()


RULE = Rule(
    name="create-index-not-concurrent",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An index is built without CONCURRENTLY.",
    condition="CREATE INDEX without CONCURRENTLY on a table that was there before the revision",
    effect="INSERT, UPDATE and DELETE wait until the whole table has been read and the index is built",
    fix="create the index concurrently, in an autocommit block",
    bad=(
        Example(upgrade='op.create_index("ix_orders_email", "orders", ["email"])'),
        Example(upgrade='op.create_index("ix_orders_lower", "orders", [sa.text("lower(email)")], unique=True)'),
        Example(
            upgrade="with op.get_context().autocommit_block():\n"
            '    op.create_index("ix_orders_email", "orders", ["email"])',
            note="an autocommit block alone changes nothing",
        ),
    ),
    good=(
        Example(
            upgrade="with op.get_context().autocommit_block():\n"
            '    op.create_index("ix_orders_email", "orders", ["email"], postgresql_concurrently=True)'
        ),
        Example(
            upgrade='op.create_table("fresh", sa.Column("id", sa.Integer), sa.Column("a", sa.Text))\n'
            'op.create_index("ix_fresh_a", "fresh", ["a"])',
            note="nobody waits for a table that the revision itself makes",
        ),
    ),
    look=look,
    measured=(
        "create-index",
        "create-unique-index",
        "create-index-concurrently",
        "create-index-if-not-exists-present",
        "create-index-partitioned",
    ),
)
