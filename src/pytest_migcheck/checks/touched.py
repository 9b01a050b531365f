"""What a revision has to do with rows: the tables that it touches, and whether its outcome can depend on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.step import StepRecord
from pytest_migcheck.core.table_shape import Shapes, TableName
from pytest_migcheck.sql.statements import parse
from pytest_migcheck.sql.transaction_control import ends_transaction
from pytest_migcheck.sql.writes import writes
from pytest_migcheck.walk.stairway import Stairway

_TABLES = ("table", "partitioned table")
_PARTS = ("column", "constraint", "index", "trigger", "rule", "policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """``tables`` were there before; ``depends`` if a statement reads rows, ``commits`` if one cannot be rolled back."""

    tables: frozenset[TableName]
    depends: bool
    commits: bool


def touched(stairway: Stairway, hidden: Collection[TableName]) -> Touched:
    """Look at the trace of both directions, and at what differs between the catalogs."""
    records = [r for r in (stairway.up, stairway.down) if r is not None and r.failure is None]
    statements = [s for record in records for s in record.statements]
    before = frozenset(_tables(stairway.up.before)) - frozenset(hidden) if stairway.up else frozenset()
    names = {name for s in statements for name in _names(s)}
    found = {(schema, name) for schema, _, name in (n.partition(".") for n in names)}
    found |= {table for record in records for table in _changed(record)}
    return Touched(
        tables=frozenset(found & before),
        depends=any(_reads_rows(s) for s in statements),
        commits=any(_commits(s) for s in statements) or any(r.left_uncommitted for r in records),
    )


def _tables(catalog: Catalog) -> Iterator[TableName]:
    return ((key.schema, key.name) for key, _ in catalog.standing() if key.kind in _TABLES)


def _names(statement: Statement) -> Iterator[str]:
    """The tables that were there before, of those that the statement locks or works on."""
    for lock in statement.held:
        if lock.preexisting:
            yield lock.table
    yield from (name for name in (*statement.scans, *statement.rewrites) if name not in statement.created)


def _changed(record: StepRecord) -> Iterator[TableName]:
    if record.after is None:
        return
    for old, new in ((record.before, record.after), (record.after, record.before)):
        for key, attributes in old.apart_from(new).items():
            if new.get(key) != attributes:
                if key.kind in _TABLES:
                    yield key.schema, key.name
                elif key.kind in _PARTS:
                    yield key.schema, key.parent


def _reads_rows(statement: Statement) -> bool:
    """Whether what the statement does, or that it fails, is up to the rows."""
    there = {lock.table for lock in statement.held if lock.preexisting}
    worked_on = {*statement.scans, *statement.rewrites} - {*statement.created}
    if worked_on and not _takes_any_row(statement.sql):
        return True
    text = statement.sql.lstrip()[:4].upper()
    return (not statement.utility and bool(there)) or text.startswith(("DO", "CALL"))


def _takes_any_row(sql: str) -> bool:
    """An index of plain columns reads every row, and none makes it fail."""
    parsed = parse(sql)
    plain = "(" not in parsed.columns and not parsed.where
    return parsed.kind == "create index" and plain and "UNIQUE" not in parsed.flags


def _commits(statement: Statement) -> bool:
    outside = statement.autocommit or statement.driver_call or ends_transaction(statement.sql)
    # A label that was added cannot be used before the transaction has ended.
    return outside or "ADD VALUE" in statement.sql.upper()


def with_dependents(touched_: Touched, shapes: Shapes, statements: Iterable[Statement]) -> frozenset[TableName]:
    """The touched tables, and those whose rows go or change with rows that are deleted or updated."""
    found = {shapes.root_of(name) for name in touched_.tables}
    written = [w for s in statements for w in writes(s.sql) if w.kind in ("delete", "truncate", "update", "opaque")]
    hit = {name for name in found if any(w.kind == "opaque" or w.is_about(*name) for w in written)}
    for table in shapes.tables.values():
        if any(key.target in hit for key in table.foreign_keys):
            found.add(table.key)
    return frozenset(found)
