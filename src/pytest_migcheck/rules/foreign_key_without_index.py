"""A foreign key without an index: every DELETE of a referenced row reads the whole referring table.

https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog, _partitions
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("alter table", "create table") or statement.error is not None:
        return
    for action in parsed.actions:
        if action.target and action.columns and not _indexed(parsed.table, action.columns, context):
            columns = ", ".join(action.columns)
            yield Explained(
                headline=f"no index of {parsed.table} begins with {columns}, so deleting from {action.target} reads it",
                fix=_index(parsed, action.columns, context),
                object=parsed.table,
                basis=Basis.CONFIRMED,
            )


def _index(parsed: ParsedStatement, columns: tuple[str, ...], context: RuleContext) -> str:
    table = parsed.table
    name = f"ix_{code.bare(table)}_{'_'.join(columns)}"
    key = context.table_key(table)
    if key is not None and key.kind == "partitioned table":
        wanted = ParsedStatement(
            kind="create index", name=name, table=table, columns=", ".join(map(code.quoted, columns))
        )
        return _partitions.index(wanted, context)
    arguments = (code.text(name), code.text(code.bare(table)), f"[{', '.join(map(code.text, columns))}]")
    if key is None or context.is_new(key.qualified):
        return code.call("create_index", *arguments, *code.schema_argument(table))
    return code.autocommit(
        code.call("create_index", *arguments, *code.schema_argument(table), "postgresql_concurrently=True")
    )


def _indexed(table: str, columns: tuple[str, ...], context: RuleContext) -> bool:
    if context.after is None or _catalog.find(context.after, _catalog.TABLES, table) is None:
        return True
    for _, values in _catalog.parts(context.after, "index", table):
        leading = _catalog.index_columns(values.get("definition"))[: len(columns)]
        if values.get("valid") and set(leading) == set(columns) and _serves(str(values["definition"]), columns):
            return True
    return False


def _serves(definition: str, columns: tuple[str, ...]) -> bool:
    """Whether an index has all rows that refer to something: those without NULL in the key."""
    _, _, predicate = definition.partition(" WHERE ")
    return not predicate or predicate in {f"({code.quoted(column)} IS NOT NULL)" for column in columns}


RULE = Rule(
    name="foreign-key-without-index",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A foreign key is added whose columns no index begins with.",
    condition="a new foreign key, and no valid index starts with its columns when the revision has ended",
    effect="each DELETE or key UPDATE of a referenced row reads the whole referring table",
    fix="create an index on the columns, concurrently",
    bad=(
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.create_table("items", sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id")))
            """,
        ),
    ),
    good=(
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.create_table(
                    "items", sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), index=True)
                )
            """,
        ),
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.create_table(
                    "items",
                    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id"), primary_key=True),
                    sa.Column("n", sa.BigInteger, primary_key=True),
                )
            """,
            note="the primary key begins with it",
        ),
    ),
    look=look,
    measured=("delete-referenced-unindexed-fk-hit",),
)
