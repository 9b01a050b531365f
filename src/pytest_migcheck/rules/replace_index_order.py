"""The old index goes before the new one is there.

https://www.postgresql.org/docs/current/sql-createindex.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind != "create index" or not context.existed(parsed.table) or not parsed.elements:
        return
    ran = [part for seen in context.earlier for part in seen.parts]
    dropped = [name for part in ran if part.kind == "drop index" for name in part.names]
    if _is_served(parsed, ran, {code.bare(name) for name in dropped}, context):
        return
    for name in dropped:
        key = _catalog.index(context.catalog, name)
        if key is None or key.parent != code.bare(parsed.table):
            continue
        old = _catalog.index_columns(_catalog.attributes(context.catalog, key).get("definition"))
        if old[:1] == (_first(parsed),):
            drop = code.call("drop_index", code.text(code.bare(name)), "postgresql_concurrently=True")
            new = replace(parsed, name=f"{parsed.name}_new") if parsed.name == code.bare(name) else parsed
            yield Explained(
                headline=f"{parsed.table} has no index on {parsed.elements[0]} between the drop of {name} "
                f"and the end of building {parsed.name}",
                fix=code.autocommit(f"{code.create_index(new)}\n{drop}"),
                object=parsed.table,
            )


def _first(index: ParsedStatement) -> str:
    return index.elements[0].split(" ")[0]


def _is_served(
    wanted: ParsedStatement, ran: Sequence[ParsedStatement], dropped: set[str], context: RuleContext
) -> bool:
    """Whether another index of the table begins with the column: one from before, or one that the step has made."""
    column = _first(wanted)
    for key, values in _catalog.parts(context.catalog, "index", wanted.table):
        definition = str(values.get("definition"))
        begins = _catalog.index_columns(definition)[:1] == (column,)
        if begins and values.get("valid") and key.name not in dropped and _has_all(definition, column):
            return True
    return any(
        part.kind == "create index"
        and part.elements
        and code.bare(part.table) == code.bare(wanted.table)
        and _first(part) == column
        and code.bare(part.name) not in dropped
        and _has_all(f" WHERE {part.where}" if part.where else "", column)
        for part in ran
    )


def _has_all(definition: str, column: str) -> bool:
    """Whether an index has all rows with a value in the column."""
    predicate = definition.partition(" WHERE ")[2].strip("()")
    return predicate in ("", f"{code.identifier(column)} IS NOT NULL")


RULE = Rule(
    name="replace-index-order",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An index is dropped before the one that replaces it is built.",
    condition="DROP INDEX, then CREATE INDEX that begins with the same column of the same table, and no other index "
    "does",
    effect="queries have no index while the new one is built",
    fix="build the new index first, under another name, then drop the old one",
    bad=(
        Example(
            setup="""
                op.create_table(
                    "orders",
                    sa.Column("id", sa.BigInteger, primary_key=True),
                    sa.Column("email", sa.String(80)),
                )
                op.create_index("ix_email", "orders", ["email"])
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.drop_index("ix_email", "orders", postgresql_concurrently=True, if_exists=True)
                    op.create_index("ix_email_id", "orders", ["email", "id"], postgresql_concurrently=True)
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
                op.create_index("ix_email", "orders", ["email"])
            """,
            upgrade="""
                with op.get_context().autocommit_block():
                    op.create_index("ix_email_id", "orders", ["email", "id"], postgresql_concurrently=True)
                    op.drop_index("ix_email", "orders", postgresql_concurrently=True, if_exists=True)
            """,
        ),
    ),
    look=look,
    upgrade_only=True,
)
