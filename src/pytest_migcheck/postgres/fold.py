"""Fold two spellings of an expression through the planner: equal plans mean equal expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from pytest_migcheck.core.expressions import ExpressionPair

_SYNONYMS = ((r"\bCURRENT_TIMESTAMP\b", "now()"), (r"\btransaction_timestamp\(\)", "now()"))


def fold(connection: psycopg.Connection[Any], pairs: Sequence[ExpressionPair]) -> list[bool]:
    """Tell for each pair whether the planner reduces both sides to the same; nothing is executed.

    Args:
        connection: an autocommit connection to the database that holds the pairs' tables.
        pairs: the expressions, as ``pg_get_expr`` prints them.
    """
    return [_folded(connection, p, p.expected) == _folded(connection, p, p.found) for p in pairs]


def _folded(connection: psycopg.Connection[Any], pair: ExpressionPair, expression: str) -> str:
    for pattern, replacement in _SYNONYMS:
        expression = re.sub(pattern, replacement, expression)
    cast = f"({expression})::{pair.type}" if pair.type else f"({expression})"
    query = sql.SQL("EXPLAIN (VERBOSE, COSTS OFF) SELECT {} FROM {}").format(
        sql.SQL(cast), sql.Identifier(pair.schema, pair.table)
    )
    try:
        lines = [str(row[0]) for row in connection.execute(query).fetchall()]
    except psycopg.Error:
        return expression  # what the planner refuses is compared as text
    output = next((line.strip() for line in lines if line.strip().startswith("Output:")), expression)
    return " ".join(output.split())
