"""VACUUM FULL, CLUSTER and the changes of a table's storage write the whole table anew.

https://www.postgresql.org/docs/current/sql-cluster.html and sql-vacuum.html
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _code as code
from pytest_migcheck.rules._rule import Example, Explained, Rule, RuleContext, Severity
from pytest_migcheck.sql.statements import ParsedStatement

_ACTIONS = frozenset(("set logged", "set unlogged", "set tablespace", "set access method"))


def look(statement: Statement, parsed: ParsedStatement, context: RuleContext) -> Iterator[Explained]:
    command = _command(parsed)
    locks = context.blocking(statement) if command else ()
    if locks and any(lock.table in statement.rewrites for lock in locks):
        tables = ", ".join(dict.fromkeys(code.bare(lock.table) for lock in locks))
        yield Explained(
            headline=f"{command} rewrites {tables} and blocks reads and writes",
            fix="# outside of migrations: pg_repack or pg_squeeze, which lock for an instant only",
            object=locks[0].table,
            locks=locks,
        )


def _command(parsed: ParsedStatement) -> str:
    if parsed.kind == "cluster":
        return "CLUSTER"
    if parsed.kind == "vacuum" and "FULL" in parsed.flags:
        return "VACUUM FULL"
    found = [a.kind.upper() for a in parsed.actions if a.kind in _ACTIONS] if parsed.kind == "alter table" else []
    return found[0] if found else ""


RULE = Rule(
    name="table-rewrite-command",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A command writes a whole table anew.",
    condition="VACUUM FULL, CLUSTER, SET LOGGED / UNLOGGED, SET TABLESPACE or SET ACCESS METHOD that rewrites",
    effect="nobody can read or write the table until every row and every index has been written anew",
    fix="an extension that does it online (pg_repack, pg_squeeze), or a time when nobody uses the table",
    bad=(
        Example(
            upgrade='op.execute("ALTER TABLE orders SET UNLOGGED")',
        ),
        Example(
            upgrade='op.execute("CLUSTER orders USING orders_pkey")',
        ),
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("VACUUM FULL orders")
            """,
        ),
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("CLUSTER orders USING orders_pkey")
            """,
        ),
    ),
    good=(
        Example(
            upgrade="""
                with op.get_context().autocommit_block():
                    op.execute("VACUUM orders")
            """,
        ),
        Example(
            upgrade='op.execute("ALTER TABLE orders SET (fillfactor = 80)")',
        ),
        Example(
            upgrade='op.execute("ALTER TABLE orders CLUSTER ON orders_pkey")',
        ),
    ),
    look=look,
    measured=("vacuum-full", "cluster", "set-unlogged", "set-logged", "vacuum", "cluster-on"),
)
