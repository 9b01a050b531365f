"""A foreign key of another type than the key that it refers to.

https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Basis, Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.rules._style import column_as
from pytest_migcheck.sql.statements import ParsedStatement


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    if parsed.kind not in ("alter table", "create table") or statement.error is not None:
        return
    for action in parsed.actions:
        for column, there in zip(action.columns, action.target_columns, strict=False) if action.target else ():
            own = _catalog.column(context.after, parsed.table, column).get("type")
            other = _catalog.column(context.after, action.target, there).get("type")
            if own and other and own != other:
                yield Explained(
                    headline=f"{parsed.table}.{column} is {own}, and {action.target}.{there} is {other}",
                    fix=_fix(parsed, column, str(other)),
                    object=f"{parsed.table}.{column}",
                    basis=Basis.CONFIRMED,
                )


def _fix(parsed: ParsedStatement, name: str, type_: str) -> str:
    known = code.sa_type(type_)
    made = next((c for c in parsed.actions if c.kind == "add column" and c.name == name), None)
    if made is None or known is None:
        return f"# {name} {type_}"
    return column_as(parsed, made, known)


RULE = Rule(
    name="foreign-key-type-mismatch",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A foreign key has another type than the column that it refers to.",
    condition="a new foreign key whose column has another type than the referenced one",
    effect="the smaller type overflows first, and every check converts",
    fix="the same type on both sides",
    bad=(
        Example(
            setup='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
            upgrade="""
                op.execute("SET LOCAL lock_timeout = '2s'")
                op.create_table(
                    "items", sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), index=True)
                )
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
    ),
    look=look,
    upgrade_only=True,
)
