"""Take rows through up, down and up, and keep what was found after each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.quoting import in_quotes, name_parts
from pytest_migcheck.core.rows import RowSet, Snapshot
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.core.table_shape import TableName, TableShape
from pytest_migcheck.history.source import Rehearsing, Run, StepResult
from pytest_migcheck.populate.statements import Layout, Query, insert_rows, qualified, read_rows

_Place = tuple[TableName, str]
_NEXT_OF = "nextval('"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a revision is asked: how far it goes, the tables at each stop, the shapes of those that get rows."""

    revision: str
    tables: Mapping[TableName, TableShape]
    before: Layout
    after: Layout
    restored: Layout
    sequences_before: Mapping[_Place, str] = field(default_factory=dict)
    sequences: Mapping[_Place, str] = field(default_factory=dict)
    goes_down: bool = True
    goes_up_again: bool = True


@dataclass(slots=True, kw_only=True)
class Passage:
    """What happened to one set of rows.

    ``step`` is the number of the step that failed: 1 up, 2 down, 3 up again; 0 if none did. ``behind`` are columns
    whose sequence would give a number that is taken: (next, greatest). ``none`` says why no row was let in.
    """

    before: Snapshot
    refused: Mapping[TableName, str] = field(default_factory=dict)
    after: Snapshot | None = None
    restored: Snapshot | None = None
    again: Snapshot | None = None
    failure: StepFailure | None = None
    step: int = 0
    results: list[StepResult] = field(default_factory=list)
    behind: dict[_Place, tuple[int, int]] = field(default_factory=dict)
    none: str | None = None


def take_through(place: Rehearsing, rows: RowSet, route: Route) -> Passage:
    """Insert the rows, go up, down and up, and look after each step; stops at the first that fails."""
    whole = [key for key, table in route.tables.items() if table.partitioned]
    try:
        refused = insert_rows(place.query, rows, route.tables)
    except Exception as error:  # noqa: BLE001 - of whichever driver env.py uses; told where nothing can be filled
        return Passage(before={}, none=str(error).splitlines()[0])
    passage = Passage(before=read_rows(place.query, route.before, whole), refused=refused)
    taken = _behind(place.query, route.sequences_before)
    if not _went(passage, 1, place.migrate(route.revision, Direction.UPGRADE)):
        return passage
    passage.after = read_rows(place.query, route.after, whole)
    passage.behind = {k: v for k, v in _behind(place.query, route.sequences).items() if k not in taken}
    if not route.goes_down or not _went(passage, 2, place.migrate(route.revision, Direction.DOWNGRADE)):
        return passage
    passage.restored = read_rows(place.query, route.restored, whole)
    if route.goes_up_again and _went(passage, 3, place.migrate(route.revision, Direction.UPGRADE)):
        passage.again = read_rows(place.query, route.after, whole)
    return passage


def _went(passage: Passage, step: int, result: StepResult) -> bool:
    passage.results.append(result)
    if result.failure is not None:
        passage.failure, passage.step = result.failure, step
    return result.failure is None


def _behind(query: Query, sequences: Mapping[_Place, str]) -> dict[_Place, tuple[int, int]]:
    """The columns whose greatest value the sequence has not reached."""
    asked = list(sequences.items())
    parts = []
    for number, ((table, column), sequence) in enumerate(asked):
        parts.append(
            f"SELECT {number}, last_value + CASE WHEN is_called THEN 1 ELSE 0 END, "
            f"(SELECT max({in_quotes(column)}) FROM {qualified(table)})::bigint FROM {sequence}"
        )
    rows = query("\nUNION ALL ".join(parts)) if parts else ()
    return {
        asked[number][0]: (int(following), int(greatest))
        for number, following, greatest in rows
        if greatest is not None and following <= greatest
    }


class Committed:
    """Rows in a database of their own: each step in its own transaction, as in production."""

    def __init__(self, run: Run, query: Query) -> None:
        self._run = run
        self._query = query

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        return self._query(sql)

    def migrate(self, revision: str, direction: Direction) -> StepResult:
        return self._run.step(revision, direction, traced=False)


def layout_of(catalog: Catalog, tables: Mapping[TableName, TableShape]) -> Layout:
    """The columns of those tables that the catalog has."""
    found: dict[TableName, tuple[tuple[str, str], ...]] = {}
    for schema, name in tables:
        for kind in ("table", "partitioned table"):
            key = ObjectKey(kind, schema, "", name)
            columns = [
                (int(str(attributes.get("_position") or 0)), other.name, str(attributes.get("type")))
                for other, attributes in catalog.beside(key).items()
                if other.kind == "column" and (other.schema, other.parent) == (schema, name)
            ]
            if columns:
                found[schema, name] = tuple((column, type_) for _, column, type_ in sorted(columns))
    return found


def sequences_of(catalog: Catalog, layout: Layout) -> dict[_Place, str]:
    """The sequences that number columns of these tables."""
    found: dict[_Place, str] = {}
    for key, attributes in catalog.standing():
        if key.kind == "sequence" and attributes.get("owned by"):
            *table, column = name_parts(str(attributes["owned by"]))
            owner = next((name for name in layout if table == [*name]), None)
            numbers = owner and any(n == column and t in ("integer", "bigint", "smallint") for n, t in layout[owner])
            counts_up = int(str(attributes.get("increment") or 1)) > 0
            numbered = attributes.get("identity") or (owner and _default(catalog, owner, column))
            if owner is not None and numbers and counts_up and numbered:
                found[owner, column] = f"{in_quotes(key.schema)}.{in_quotes(key.name)}"
    return found


def _default(catalog: Catalog, table: TableName, column: str) -> bool:
    attributes = catalog.get(ObjectKey("column", table[0], table[1], column))
    return attributes is not None and str(attributes.get("default") or "").startswith(_NEXT_OF)
