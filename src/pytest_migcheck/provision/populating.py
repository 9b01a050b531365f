"""Fill tables of a test's database with valid rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.rows import Row
from pytest_migcheck.core.table_shape import Shapes, TableName
from pytest_migcheck.populate.drawing import Plain, draw_rows
from pytest_migcheck.populate.plan import OwnStrategy, Plan, Wanted, make_plan
from pytest_migcheck.populate.statements import Query, insert_rows, read_rows
from pytest_migcheck.postgres.shapes import read_shapes

_VALID = (
    "Valid: migcheck_db, migcheck_stepper, migcheck_connection, migcheck_session, migcheck_engine, "
    "a driver's connection"
)


def populate(
    target: Any, tables: Sequence[str], rows: int, own: OwnStrategy, hidden: Sequence[TableName]
) -> dict[str, list[Row]]:
    """Fill the tables, all of them if none is named, with all that their foreign keys need; returns their rows.

    Args:
        target: a database of a fixture, a stepper, SQLAlchemy's engine, connection or session, a driver's connection.
        tables: names, with the schema where that is not ``public``.
        rows: how many each table gets.
        own: the user's strategies.
        hidden: tables that are never filled.

    Raises:
        MigcheckError: a table is not there, or cannot be filled.
    """
    if rows < 1:
        raise MigcheckError(f"migcheck_populate: rows={rows!r} is not valid. Valid: a number of at least 1")
    with _querying(target) as query:
        shapes = read_shapes(query, hidden)
        named = [_named(name, shapes) for name in tables] or list(shapes.tables)
        plan = make_plan(query, shapes, Wanted(tables=named, rows=(rows, rows), own=own))
        return _filled(query, plan, rows, named)


def _filled(query: Query, plan: Plan, rows: int, named: Sequence[TableName]) -> dict[str, list[Row]]:
    if not plan.tables and plan.notes:
        raise MigcheckError("\n".join(f"migcheck_populate: {note}" for note in plan.notes))
    layout = {t.shape.key: tuple((c.name, c.type_text) for c in t.shape.columns) for t in plan.tables}
    whole = [t.shape.key for t in plan.tables if t.shape.partitioned]
    refused = insert_rows(query, draw_rows(plan, Plain(), nulls=False), plan.shapes)
    found = read_rows(query, layout, whole)
    notes = list(plan.notes)
    for table in plan.tables:
        if not found[table.shape.key].rows:
            why = refused.get(table.shape.key, "no row was let in").splitlines()[0]
            notes.append(f"no rows in {table.shape.label}: {why}")
    if notes:
        raise MigcheckError("\n".join(f"migcheck_populate: {note}" for note in notes))
    return {plan.shapes[key].label: list(found[key].as_rows()) for key in named if key in found}


def _named(name: str, shapes: Shapes) -> TableName:
    schema, _, table = name.rpartition(".")
    key = (schema or "public", table)
    if key not in shapes.tables:
        known = ", ".join(sorted(t.label for t in shapes.tables.values())) or "none"
        raise MigcheckError(f"migcheck_populate: {name!r} is not a table of this database. Valid: {known}")
    return key


@contextmanager
def _querying(target: Any) -> Iterator[Query]:
    # A connection of psycopg can connect, too: to the server of the environment.
    if _is_asynchronous(target):
        raise MigcheckError(f"migcheck_populate: {target!r} is asynchronous. {_VALID}")
    if hasattr(target, "cursor"):
        yield partial(rows_of, target)
    elif hasattr(target, "exec_driver_sql"):
        yield partial(rows_of, target.connection.dbapi_connection)
    elif hasattr(target, "get_bind"):
        yield partial(rows_of, target.connection().connection.dbapi_connection)
    elif hasattr(target, "begin"):
        with target.begin() as connection:
            yield partial(rows_of, connection.connection.dbapi_connection)
    elif hasattr(target, "connect"):
        with target.connect() as connection:
            yield partial(rows_of, connection)
    else:
        raise MigcheckError(f"migcheck_populate: {target!r} is nothing to fill. {_VALID}")


def _is_asynchronous(target: Any) -> bool:
    return hasattr(target, "sync_engine") or iscoroutinefunction(getattr(target, "execute", None))
