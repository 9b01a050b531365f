"""Read from a session what its statement locked, scanned and rewrote.

Everything is read on the statement's own DBAPI connection: it alone sees its uncommitted names, and
the counters of ``pg_stat_xact_*`` belong to the session
(https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.postgres.counters import (
    ABILITIES,
    BEFORE,
    BEFORE_BY_FUNCTION,
    EVERYTHING,
    FIRST_XID,
    HELD,
    HELD_BY_FUNCTION,
    NO_REPORT,
    REPORT,
)

_TABLE_KINDS = frozenset("rmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation as it stood before a statement."""

    oid: int
    name: str
    kind: str
    temporary: bool
    toast: bool
    filenode: int
    table_oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one statement did to relations."""

    acquired: tuple[HeldLock, ...] = ()
    held: tuple[HeldLock, ...] = ()
    scans: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    created: tuple[str, ...] = ()
    lock_timeout: str = "0"


@dataclass(slots=True)
class _Transaction:
    """What is known of the transaction that is open."""

    virtual_id: str = ""
    modes: dict[int, LockMode] = field(default_factory=dict)
    scans: dict[int, int] = field(default_factory=dict)
    created: set[int] = field(default_factory=set)


class Observer:
    """Follows one session from statement to statement.

    The names of relations are known from before each statement, so a dropped table keeps its name.
    """

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}
        self._transaction = _Transaction()
        self._scans_before: dict[int, int] = {}
        self._known_since = FIRST_XID
        self._counts: dict[int, int] = {}
        self._can_report = False
        self._has_functions: bool | None = None
        self._nothing_since = False

    def miss(self) -> None:
        """Something will run on the session that is not observed."""
        self._nothing_since = False

    def begin(self, connection: Any, *, autocommit: bool) -> None:
        """Read the names of relations and where the counters stand, before the first statement of a transaction."""
        if autocommit:
            rows = rows_of(connection, EVERYTHING)
            self._counts = {int(row[2]): int(row[1]) for row in rows}
            self._relations.update((r.oid, r) for r in (_relation(row[2:]) for row in rows))
            self._nothing_since = False
            return
        if self._nothing_since:
            # The last transaction was observed from its beginning, and reported its counters at its end.
            self._scans_before, self._nothing_since = {}, False
            return
        if self._has_functions is None:
            self._can_report, self._has_functions = map(bool, rows_of(connection, ABILITIES)[0])
        report = REPORT if self._can_report else NO_REPORT
        before = BEFORE_BY_FUNCTION if self._has_functions else BEFORE
        rows = rows_of(connection, before.format(since=self._known_since, report=report))
        self._nothing_since = self._can_report
        self._known_since = str(rows[0][0])
        self._scans_before = {}
        for row in rows:
            if row[3] is not None:
                relation = _relation(row[3:])
                self._relations[relation.oid] = relation
                self._scans_before[relation.oid] = int(row[2] or 0)

    def observe(self, connection: Any) -> Observation:
        """Compare the session with what it was before the statement; the statement has ended without error."""
        rows = rows_of(connection, HELD_BY_FUNCTION if self._has_functions else HELD)
        virtual_id = str(rows[0][2]) if rows else ""
        if virtual_id != self._transaction.virtual_id:
            self._transaction = _Transaction(virtual_id=virtual_id, scans=self._scans_before)
        live = {int(row[0]): _relation(row[5:]) for row in rows if row[5] is not None}
        before = self._relations
        self._transaction.created |= live.keys() - before.keys()
        known = {**live, **{oid: before[oid] for oid in _oids(rows) if oid in before}}
        modes = _strongest(rows)
        observation = Observation(
            held=self._locks(modes, known),
            acquired=self._locks({o: m for o, m in modes.items() if m > self._transaction.modes.get(o, 0)}, known),
            scans=self._scanned(rows, known),
            rewrites=_names(
                known[oid]
                for oid, now in live.items()
                if oid in before and now.kind in _TABLE_KINDS and now.filenode != before[oid].filenode
            ),
            created=_names(live[oid] for oid in self._transaction.created if oid in live),
            lock_timeout=str(rows[0][3]) if rows else "0",
        )
        self._transaction.modes = modes
        self._relations.update(live)
        return observation

    def observe_committed(self, connection: Any) -> Observation:
        """Compare the database with what it was before a statement that has committed itself; without locks."""
        rows = rows_of(connection, EVERYTHING)
        before, live = self._relations, {int(row[2]): _relation(row[2:]) for row in rows}
        tables = {oid: r for oid, r in live.items() if r.kind in _TABLE_KINDS and not r.temporary and not r.toast}
        counts = {int(row[2]): int(row[1]) for row in rows}
        observation = Observation(
            scans=_names(r for oid, r in tables.items() if counts[oid] > self._counts.get(oid, 0)),
            rewrites=_names(r for oid, r in tables.items() if oid in before and r.filenode != before[oid].filenode),
            created=_names(r for oid, r in live.items() if oid not in before),
            lock_timeout=str(rows[0][0]) if rows else "0",
        )
        self._relations = {**before, **live}
        self._transaction = _Transaction()
        return observation

    def _locks(self, modes: Mapping[int, LockMode], known: Mapping[int, Relation]) -> tuple[HeldLock, ...]:
        locks = [
            HeldLock(
                relation=relation.name,
                kind=relation.kind,
                mode=mode,
                preexisting=oid not in self._transaction.created,
                table=self._table(relation, known),
            )
            for oid, mode in modes.items()
            if (relation := known.get(oid)) is not None and not relation.toast and not relation.temporary
        ]
        return tuple(sorted(locks, key=lambda lock: (-lock.mode, lock.relation)))

    def _table(self, relation: Relation, known: Mapping[int, Relation]) -> str:
        table = known.get(relation.table_oid) or self._relations.get(relation.table_oid)
        return table.name if table else relation.name

    def _scanned(self, rows: Sequence[Sequence[Any]], known: Mapping[int, Relation]) -> tuple[str, ...]:
        scanned: set[str] = set()
        for row in rows:
            oid, count = int(row[0]), int(row[4] or 0)
            if count > self._transaction.scans.get(oid, 0) and oid in known:
                relation = known[oid]
                if relation.kind in _TABLE_KINDS and not relation.temporary:
                    scanned.add(relation.name)
            self._transaction.scans[oid] = count
        return tuple(sorted(scanned))


def _relation(row: Any) -> Relation:
    oid, schema, name, kind, persistence, filenode, table_oid = row
    return Relation(
        oid=int(oid),
        name=f"{schema}.{name}",
        kind=str(kind),
        temporary=persistence == "t",
        toast=schema == "pg_toast",
        filenode=int(filenode),
        table_oid=int(table_oid),
    )


def _names(relations: Iterable[Relation]) -> tuple[str, ...]:
    return tuple(sorted(relation.name for relation in relations))


def _oids(rows: Sequence[Sequence[Any]]) -> set[int]:
    return {int(row[0]) for row in rows}


def _strongest(rows: Sequence[Sequence[Any]]) -> dict[int, LockMode]:
    modes: dict[int, LockMode] = {}
    for row in rows:
        oid, mode = int(row[0]), LockMode.from_pg_locks(str(row[1]))
        modes[oid] = max(mode, modes.get(oid, mode))
    return modes
