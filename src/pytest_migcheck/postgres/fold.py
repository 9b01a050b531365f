"""Fold two spellings of an expression through the planner: equal plans mean equal expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.expressions import ExpressionPair
from pytest_migcheck.postgres.commuted import in_one_order

# Keywords that stand for an expression (https://www.postgresql.org/docs/current/functions-datetime.html and
# functions-info.html); what is in quotes is matched first and left alone.
_KEYWORDS = {
    "CURRENT_TIMESTAMP": "now()",
    "LOCALTIMESTAMP": "(now())::timestamp",
    "CURRENT_DATE": "(now())::date",
    "CURRENT_TIME": "(now())::timetz",
    "LOCALTIME": "(now())::time",
    "CURRENT_ROLE": "CURRENT_USER",
    "USER": "CURRENT_USER",
    "CURRENT_CATALOG": "current_database()",
    "CURRENT_SCHEMA": "pg_catalog.current_schema()",
}
_KEYWORD = re.compile(rf"""'[^']*'|"[^"]*"|\b({"|".join(_KEYWORDS)})\b(?!\()""")
# Fields of a node that say how and where an expression was written, not what it is: nodes/primnodes.h.
_SPELLING = re.compile(r":\w*(?:location|format|list_start|list_end) -?\d+ ?")
_EXPRESSION = re.compile(r"\{TARGETENTRY :expr (.*) :resno 1 :resname migcheck ")
_FUNCTION = re.compile(r"(?<=:funcid )\d+")
# One function of the server's own under several names, such as length and char_length.
_ALIASES = """
SELECT p.oid, min(p.oid) OVER (PARTITION BY p.prosrc, p.proargtypes, p.prorettype, p.proretset)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE l.lanname = 'internal'"""

_COMMUTATORS = "SELECT oid, oprcom::oid FROM pg_catalog.pg_operator WHERE oprcom <> 0"


def fold(connection: psycopg.Connection[Any], pairs: Sequence[ExpressionPair]) -> list[bool]:
    """Tell for each pair whether the planner reduces both sides to the same; nothing is executed.

    Args:
        connection: an autocommit connection to the database that holds the pairs' tables.
        pairs: the expressions, as ``pg_get_expr`` prints them.
    """
    return [_same(connection, pair) for pair in pairs]


def _same(connection: psycopg.Connection[Any], pair: ExpressionPair) -> bool:
    queries = _query(pair, pair.expected), _query(pair, pair.found)
    try:
        outputs = [_output(connection, query) for query in queries]
        if outputs[0] == outputs[1]:
            return True
        # TRIM(BOTH FROM x) and btrim(x) are one function that is printed as it was written: nodes tell.
        aliases = {str(oid): str(first) for oid, first in connection.execute(_ALIASES).fetchall()}
        nodes = [_nodes(connection, query, aliases) for query in queries]
        if pair.condition and nodes[0] != nodes[1]:
            commutators = {str(one): str(other) for one, other in connection.execute(_COMMUTATORS).fetchall()}
            nodes = [in_one_order(one, commutators) for one in nodes]
    except psycopg.Error:
        return False  # what the planner refuses stays different, as its text is
    return bool(nodes[0]) and nodes[0] == nodes[1]


def _query(pair: ExpressionPair, expression: str) -> sql.Composed:
    expression = _KEYWORD.sub(lambda found: _KEYWORDS[found[1]] if found[1] else found[0], expression)
    cast = f"({expression})::{pair.type}" if pair.type else f"({expression})"
    name = sql.Identifier(pair.schema, pair.table)
    source = sql.SQL("(VALUES (NULL::{0}), (NULL::{0})) AS d (value)").format(name) if pair.of_domain else name
    return sql.SQL("EXPLAIN (VERBOSE, COSTS OFF) SELECT {} AS migcheck FROM {}").format(sql.SQL(cast), source)


def _output(connection: psycopg.Connection[Any], query: sql.Composed) -> str:
    lines = [str(row[0]).strip() for row in connection.execute(query).fetchall()]
    return next(line for line in lines if line.startswith("Output:"))


def _nodes(connection: psycopg.Connection[Any], query: sql.Composed, aliases: Mapping[str, str]) -> str:
    """The planned expression as the server's nodes, without how it was written."""
    with _printed_plans(connection) as plans:
        connection.execute(query)
    found = _EXPRESSION.search(" ".join(" ".join(plans).split()))
    if found is None:
        return ""
    return _FUNCTION.sub(lambda oid: aliases.get(oid[0], oid[0]), _SPELLING.sub("", found[1]))


@contextmanager
def _printed_plans(connection: psycopg.Connection[Any]) -> Iterator[list[str]]:
    """The plans of what runs in the block: https://www.postgresql.org/docs/current/runtime-config-logging.html."""
    plans: list[str] = []

    def take(notice: psycopg.errors.Diagnostic) -> None:
        if notice.message_primary == "plan:":
            plans.append(notice.message_detail or "")

    connection.add_notice_handler(take)
    connection.execute("SET client_min_messages = log; SET debug_print_plan = on; SET debug_pretty_print = off")
    try:
        yield plans
    finally:
        connection.execute("RESET client_min_messages; RESET debug_print_plan; RESET debug_pretty_print")
        connection.remove_notice_handler(take)
