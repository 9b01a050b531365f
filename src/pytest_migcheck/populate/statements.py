"""The SQL that puts rows into tables, reads them back, and asks which values a column takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pytest_migcheck.core.quoting import in_quotes, literal
from pytest_migcheck.core.rows import Found, NewRow, RowSet, Snapshot
from pytest_migcheck.core.table_shape import ColumnShape, TableName, TableShape, TypeShape

Query = Callable[[str], Sequence[Sequence[Any]]]
# Per table the names and types of its columns.
Layout = Mapping[TableName, tuple[tuple[str, str], ...]]

_LARGEST_SEQUENCE = 2**31 - 1000


def qualified(table: TableName) -> str:
    return f"{in_quotes(table[0])}.{in_quotes(table[1])}"


def constant(value: str | None) -> str:
    return "NULL" if value is None else literal(value)


def insert_statement(row: NewRow, table: TableShape) -> str:
    """The INSERT of a row, as a person can run it."""
    always = any(c.identity == "a" and c.name in dict(row.values) for c in table.columns)
    if not row.values:
        return f"INSERT INTO {qualified(row.table)} DEFAULT VALUES"
    names = ", ".join(in_quotes(name) for name, _ in row.values)
    values = ", ".join(constant(value) for _, value in row.values)
    overriding = " OVERRIDING SYSTEM VALUE" if always else ""
    return f"INSERT INTO {qualified(row.table)} ({names}){overriding} VALUES ({values})"


def insert_rows(query: Query, rows: RowSet, tables: Mapping[TableName, TableShape]) -> dict[TableName, str]:
    """Insert what PostgreSQL accepts, row by row; returns why rows of a table were refused.

    Deferred constraints are checked at once: what is pending later is the migration's own doing.
    """
    inserts = "\n".join(
        f"BEGIN {insert_statement(row, tables[row.table])}; EXCEPTION WHEN OTHERS THEN "
        f"refused := refused || pg_catalog.jsonb_build_object({constant('.'.join(row.table))}, {_because(row)}); END;"
        for row in rows
    )
    sequences = "\n".join(_numbered(tables[key], rows) for key in dict.fromkeys(row.table for row in rows))
    query(
        f"DO $migcheck$ DECLARE refused jsonb := '{{}}'; BEGIN\n{inserts}\nSET CONSTRAINTS ALL IMMEDIATE;\n"
        f"{sequences}\nPERFORM pg_catalog.set_config('migcheck.refused', refused::text, false);\nEND $migcheck$"
    )
    (answer,) = query("SELECT pg_catalog.current_setting('migcheck.refused')")
    refused = json.loads(answer[0])
    return {key: refused[".".join(key)] for key in tables if ".".join(key) in refused}


def _because(row: NewRow) -> str:
    return f"{constant(f'{row.origin}: ')} || SQLERRM" if row.origin else "SQLERRM"


def _numbered(table: TableShape, rows: RowSet) -> str:
    """Put the sequences where they would stand if the rows had come by them."""
    lines = []
    for column in table.columns:
        numbers = [dict(row.values).get(column.name) for row in rows if row.table == table.key]
        whole = [int(number) for number in numbers if number is not None and number.lstrip("-").isdigit()]
        if column.sequence and whole and max(whole) < _LARGEST_SEQUENCE:
            name = f"{constant(column.sequence)}::pg_catalog.regclass"
            greatest = f"(SELECT max({in_quotes(column.name)}) FROM {qualified(table.key)})"
            lines.append(
                f"PERFORM pg_catalog.setval({name}, greatest({greatest}, "
                f"(SELECT seqmin FROM pg_catalog.pg_sequence WHERE seqrelid = {name})), {greatest} IS NOT NULL);"
            )
    return "\n".join(lines)


def read_rows(query: Query, layout: Layout, partitioned: Iterable[TableName]) -> Snapshot:
    """The rows of all tables of a layout, every value as text."""
    whole = frozenset(partitioned)
    tables = list(layout)
    parts = [
        f"SELECT {n}, pg_catalog.array_to_json(ARRAY[{_texts(layout[key])}]::pg_catalog.text[])::text "
        f"FROM {'' if key in whole else 'ONLY '}{qualified(key)}"
        for n, key in enumerate(tables)
    ]
    found: dict[TableName, list[tuple[str | None, ...]]] = {key: [] for key in tables}
    for number, text in query("\nUNION ALL ".join(parts)) if parts else ():
        found[tables[number]].append(tuple(json.loads(text)))
    return {key: Found(layout[key], tuple(rows)) for key, rows in found.items()}


def _texts(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{in_quotes(name)}::pg_catalog.text" for name, _ in columns)


def accepted(
    query: Query, table: TableShape, wanted: Mapping[str, Sequence[str]], types: Mapping[int, TypeShape]
) -> dict[str, tuple[str, ...]]:
    """Of the wanted values of each column those that its type and the CHECKs on it alone let in.

    PostgreSQL itself evaluates the CHECKs, over variables that are named as the columns.
    """
    blocks = []
    columns = [column for column in table.columns if wanted.get(column.name)]
    for column in columns:
        name = in_quotes(column.name)
        checks = " AND ".join(
            f"(({check.expression}) IS NOT FALSE)" for check in table.checks if check.columns == (column.name,)
        )
        values = ", ".join(constant(value) for value in wanted[column.name])
        # The variable lives in a block of its own: a domain may refuse to be NULL even for a moment.
        blocks.append(
            f"FOREACH mc_value IN ARRAY ARRAY[{values}]::pg_catalog.text[] LOOP BEGIN\n"
            f"DECLARE {name} {column.type_text} := {_assigned(column, types)}; BEGIN\n"
            f"IF {checks or 'true'} THEN mc_all := mc_all || '1'; ELSE mc_all := mc_all || '0'; END IF; END;\n"
            "EXCEPTION WHEN OTHERS THEN mc_all := mc_all || '0'; END; END LOOP;"
        )
    query(
        "DO $migcheck$ DECLARE mc_value text; mc_all text := '';\nBEGIN\n"
        + "\n".join(blocks)
        + "\nPERFORM pg_catalog.set_config('migcheck.accepted', mc_all, false);\nEND $migcheck$"
    )
    (answer,) = query("SELECT pg_catalog.current_setting('migcheck.accepted')")
    verdicts = iter(answer[0])
    return {column.name: tuple(value for value in wanted[column.name] if next(verdicts) == "1") for column in columns}


def accepted_together(
    query: Query,
    columns: Sequence[ColumnShape],
    expressions: Sequence[str],
    wanted: Sequence[tuple[str | None, ...]],
    types: Mapping[int, TypeShape],
) -> list[tuple[str | None, ...]]:
    """Of the wanted values of several columns those for which no CHECK is false."""
    declared = "; ".join(
        f"{in_quotes(column.name)} {column.type_text} := {_assigned(column, types, f'mc_row[{n}]')}"
        for n, column in enumerate(columns, start=1)
    )
    checks = " AND ".join(f"(({expression}) IS NOT FALSE)" for expression in expressions)
    rows = ", ".join(f"ARRAY[{', '.join(map(constant, values))}]" for values in wanted)
    query(
        "DO $migcheck$ DECLARE mc_row text[]; mc_all text := '';\nBEGIN\n"
        f"FOREACH mc_row SLICE 1 IN ARRAY ARRAY[{rows}]::pg_catalog.text[] LOOP BEGIN\nDECLARE {declared}; BEGIN\n"
        f"IF {checks} THEN mc_all := mc_all || '1'; ELSE mc_all := mc_all || '0'; END IF; END;\n"
        "EXCEPTION WHEN OTHERS THEN mc_all := mc_all || '0'; END; END LOOP;\n"
        "PERFORM pg_catalog.set_config('migcheck.accepted', mc_all, false);\nEND $migcheck$"
    )
    (answer,) = query("SELECT pg_catalog.current_setting('migcheck.accepted')")
    return [values for values, verdict in zip(wanted, answer[0], strict=True) if verdict == "1"]


def _assigned(column: ColumnShape, types: Mapping[int, TypeShape], value: str = "mc_value") -> str:
    """An assignment, which refuses what is too long; a row has to be cast, which a text would be cut by."""
    shape = types.get(column.type)
    while shape is not None and shape.form == "domain":
        shape = types.get(shape.inner or 0)
    return f"{value}::{column.type_text}" if shape is not None and shape.form == "composite" else value
