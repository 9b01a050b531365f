"""Say what a migration did to rows that it had no business with; pure, over what was found after each step."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_migcheck.core.rows import Found, Row
from pytest_migcheck.core.table_shape import TableName, TableShape
from pytest_migcheck.populate.passage import Passage
from pytest_migcheck.sql.writes import Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the migration's own statements say that they do, per direction."""

    up: Collection[Write]
    down: Collection[Write]
    # Columns whose type is changed by an expression that says how, in the one direction and in the other.
    computed: frozenset[tuple[TableName, str]] = frozenset()
    computed_back: frozenset[tuple[TableName, str]] = frozenset()

    def loses(self, table: TableName, *, up: bool) -> bool:
        """Whether rows of the table are deleted by its name."""
        return any(w.kind in ("delete", "truncate") and w.is_about(*table) for w in (self.up if up else self.down))

    def sets(self, table: TableName, column: str, *, up: bool) -> bool:
        """Whether a statement gives the column new values by its name, or may do what no one can read."""
        return any(
            w.kind == "opaque" or (w.kind in ("update", "insert") and w.is_about(*table) and column in w.columns)
            for w in (self.up if up else self.down)
        )

    def deletes_somewhere(self) -> bool:
        return any(w.kind in ("delete", "truncate", "opaque") for w in (*self.up, *self.down))


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that happened to rows: ``up`` tells by which direction.

    ``intended`` is what the migration says that it does: a warning, or no more than an entry of the list if ``told``.
    ``lost_before`` is of a value that no row of the table held any more when the downgrade began.
    """

    rule: str
    table: TableName
    column: str = ""
    text: str
    detail: str = ""
    up: bool = True
    intended: bool = False
    told: bool = False
    fix: str = ""
    lost_before: bool = False


def damages(passage: Passage, tables: Mapping[TableName, TableShape], intent: Intent) -> list[Damage]:
    """Everything that the rows lost or changed on the way."""
    found: list[Damage] = []
    for key, table in tables.items():
        before = passage.before.get(key)
        if before is None or not before.rows:
            continue
        if passage.after is not None and key in passage.after:
            found += _upgraded(table, before, passage.after[key], intent)
        if passage.restored is not None and key in passage.restored and passage.after is not None:
            found += _restored(table, before, passage.after.get(key), passage.restored[key], intent)
    found += [_behind(key, column, *numbers) for (key, column), numbers in passage.behind.items()]
    # What the upgrade did is not told again of the way back.
    up = {(d.rule, d.table, d.column) for d in found if d.up}
    return [d for d in found if d.up or (d.rule, d.table, d.column) not in up]


def left_behind(passage: Passage, tables: Mapping[TableName, TableShape], intent: Intent, batch: int) -> list[Damage]:
    """What a statement left that takes ``batch`` rows, in tables that had one more."""
    found = []
    for key, table in tables.items():
        before, after = passage.before.get(key), (passage.after or {}).get(key)
        if before is None or after is None or len(before.rows) != batch + 1:
            continue
        if len(after.rows) == 1 and intent.loses(key, up=True):
            found.append(_left(table, "", batch))
        for column in [name for name, _ in after.columns if intent.sets(key, name, up=True)]:
            if len(after.rows) == batch + 1 and _written(table, before, after, column) == batch:
                found.append(_left(table, column, batch))
    return found


def _written(table: TableShape, before: Found, after: Found, column: str) -> int:
    """How many rows have another value in the column than before, or one at all where it is new."""
    if column not in dict(before.columns):
        return sum(row[column] is not None for row in after.as_rows())
    kept = [name for name in dict(before.columns) if name in dict(after.columns)]
    return sum(name == column for name, _, _ in _changed(table, before, after, kept))


def _left(table: TableShape, column: str, batch: int) -> Damage:
    name = f"{table.label}.{column}" if column else table.label
    return Damage(
        rule="batch-left-behind",
        table=table.key,
        column=column,
        text=f"takes {batch} rows of {name} and leaves the rest: 1 of {batch + 1} is as it was",
        fix="repeat the statement until it changes no row: what a larger table has beyond one batch stays as it was",
    )


def _upgraded(table: TableShape, before: Found, after: Found, intent: Intent) -> Iterator[Damage]:
    lost = len(before.rows) - len(after.rows)
    if lost > 0:
        meant = any(intent.loses(name, up=True) for name in (table.key, *table.partitions))
        yield _deleted(table, lost, up=True) if meant else _lost(table, lost, intent, up=True)
        return
    types, now = dict(before.columns), dict(after.columns)
    same = [name for name, type_ in types.items() if now.get(name) == type_]
    for column, old, new in _changed(table, before, after, same):
        meant = intent.sets(table.key, column, up=True) or (table.key, column) in intent.computed
        if not meant and not _generated(table, column):
            yield Damage(
                rule="values-changed",
                table=table.key,
                column=column,
                text=f"changes {table.label}.{column}, which no statement of it names",
                detail=f"{_shown(old)} → {_shown(new)}",
                intended=table.triggers,
            )


def _restored(
    table: TableShape, before: Found, between: Found | None, restored: Found, intent: Intent
) -> Iterator[Damage]:
    lost = len(before.rows) - len(restored.rows)
    if between is None and not restored.rows:
        yield Damage(
            rule="rows-lost",
            table=table.key,
            text=f"brings table {table.label} back empty",
            up=False,
            intended=True,
        )
        return
    if lost > 0:
        names = (table.key, *table.partitions)
        meant = between is not None and any(intent.loses(name, up=up) for name in names for up in (True, False))
        yield _deleted(table, lost, up=False) if meant else _lost(table, lost, intent, up=False)
        return
    types, now = dict(before.columns), dict(restored.columns)
    meanwhile = dict(between.columns) if between is not None else {}
    gone: dict[str, list[tuple[str | None, str | None]]] = {}
    for column, old, new in _changed(table, before, restored, [n for n, t in types.items() if now.get(n) == t]):
        gone.setdefault(column, []).append((old, new))
    for column, pairs in gone.items():
        if not _generated(table, column):
            retyped = meanwhile.get(column) not in (None, types[column])
            dropped = between is not None and column not in meanwhile
            damage = _not_back(table, column, pairs, intent, dropped=dropped, retyped=retyped)
            held = {value for row in between.as_rows() for value in row.values()} if between is not None else set()
            yield replace(damage, lost_before=between is not None and not dropped and pairs[0][0] not in held)


def _not_back(
    table: TableShape, column: str, pairs: list[tuple[str | None, str | None]], intent: Intent,
    *, dropped: bool, retyped: bool,
) -> Damage:  # fmt: skip
    old, new = pairs[0]
    name = f"{table.label}.{column}"
    restores = intent.sets(table.key, column, up=False)
    if dropped and not restores:
        # One value for all, NULL or the default: nothing was put back.
        return Damage(
            rule="values-changed", table=table.key, column=column, up=False, intended=True,
            text=f"brings the column {name} back empty", detail=f"{_shown(old)} → {_shown(new)}",
        )  # fmt: skip
    rewritten = intent.sets(table.key, column, up=True) and not restores
    if retyped:
        place = (table.key, column)
        rewritten = rewritten or (place in intent.computed and place not in intent.computed_back)
    return Damage(
        rule="values-changed", table=table.key, column=column, up=False, intended=rewritten, told=rewritten,
        text=f"does not bring back the values of {name}", detail=f"{_shown(old)} → {_shown(new)}",
    )  # fmt: skip


def _lost(table: TableShape, number: int, intent: Intent, *, up: bool) -> Damage:
    counted = "a row" if number == 1 else f"{number} rows"
    why = ", and no statement deletes from it" if up or not intent.deletes_somewhere() else ""
    return Damage(rule="rows-lost", table=table.key, text=f"loses {counted} of {table.label}{why}", up=up)


def _deleted(table: TableShape, number: int, *, up: bool) -> Damage:
    counted = "a row" if number == 1 else f"{number} rows"
    text = f"deletes {counted} of {table.label}, as it says"
    return Damage(rule="rows-lost", table=table.key, text=text, up=up, intended=True, told=True)


def _behind(table: TableName, column: str, following: int, greatest: int) -> Damage:
    label = table[1] if table[0] == "public" else ".".join(table)
    return Damage(
        rule="values-changed",
        table=table,
        column=column,
        text=f"leaves the sequence of {label}.{column} behind: the next row gets {following}, and {greatest} is there",
        fix=f"SELECT setval(pg_get_serial_sequence('{label}', '{column}'), (SELECT max({column}) FROM {label}))",
    )


def _generated(table: TableShape, column: str) -> bool:
    shape = table.column(column)
    return shape is not None and shape.generated


def _changed(
    table: TableShape, before: Found, after: Found, columns: Sequence[str]
) -> Iterator[tuple[str, str | None, str | None]]:
    """(column, old, new) of the values that differ, row by row where rows can be told apart."""
    types = dict(before.columns)
    for old, new in _pairs(table, before, after, columns):
        for column in columns:
            if not _same(old[column], new[column], types[column]):
                yield column, old[column], new[column]


def _pairs(table: TableShape, before: Found, after: Found, columns: Sequence[str]) -> Iterator[tuple[Row, Row]]:
    old, new = before.as_rows(), after.as_rows()
    key = next((k for k in (table.primary_key, *table.unique) if k and set(k) <= set(columns)), ())
    keyed = {_key(row, key): row for row in new}
    if key and all(_key(row, key) in keyed for row in old):
        yield from ((row, keyed[_key(row, key)]) for row in old)
        return
    # No key, or one that was changed: rows that are alike are the same, the others go in their order.
    left = Counter(_values(row, columns) for row in new)
    gone = []
    for row in old:
        if left[_values(row, columns)]:
            left[_values(row, columns)] -= 1
        else:
            gone.append(row)
    come = list(_remaining(new, left, columns))
    yield from zip(gone, come, strict=False)


def _remaining(rows: Iterable[Row], left: Counter[tuple[str | None, ...]], columns: Sequence[str]) -> Iterator[Row]:
    for row in rows:
        if left[_values(row, columns)]:
            left[_values(row, columns)] -= 1
            yield row


def _key(row: Row, names: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(row.get(name) for name in names)


def _values(row: Row, names: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(row[name] for name in names)


def _same(old: str | None, new: str | None, type_: str) -> bool:
    if old == new:
        return True
    if old is None or new is None or type_ not in ("json", "jsonb"):
        return False
    # The text of json keeps blanks and the order of keys: what it says is the same.
    return bool(json.loads(old) == json.loads(new))


def _shown(value: str | None) -> str:
    if value is None:
        return "NULL"
    return repr(value if len(value) <= 60 else f"{value[:57]}...")
