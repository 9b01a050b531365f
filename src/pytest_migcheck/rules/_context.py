"""What a rule may know besides the statement, and the questions that all rules ask of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules import _catalog
from pytest_migcheck.rules._replay import type_after
from pytest_migcheck.sql.statements import ParsedStatement

_NO_TIMEOUT = "0"
_ORDERED = ("smallint", "integer", "bigint", "numeric", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A statement that ran earlier in the step, and what was read of it."""

    statement: Statement
    parts: tuple[ParsedStatement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know besides the statement; relations are schema-qualified names.

    ``catalog`` is what there was before the step ran, ``after`` what it left, ``restored`` what its downgrade left
    (None where there is none, or where it is declared to have none). ``earlier`` are the statements that ran before in
    the step, ``preceding`` those that stand before in the same string. ``found`` names the rules that have spoken on
    this statement already.
    """

    revision: str
    direction: Direction
    path: str
    version_num: int
    version_tables: Collection[str]
    created_in_revision: Collection[str]
    catalog: Catalog | None = None
    after: Catalog | None = None
    restored: Catalog | None = None
    target_version: int | None = None
    earlier: tuple[Seen, ...] = ()
    preceding: tuple[ParsedStatement, ...] = ()
    found: frozenset[str] = frozenset()
    check: str = "locks"

    @property
    def major(self) -> int:
        """The major version that the migration will run on: the one that was set, else the server's."""
        return self.target_version or self.version_num // 10000

    def shifted(self, severity: Severity) -> Severity:
        """The severity here: a downgrade is a plan for a bad day, so one lower."""
        return severity.one_lower if self.direction is Direction.DOWNGRADE else severity

    def is_new(self, relation: str) -> bool:
        """Whether nobody waits for the relation: the revision made it, or it is Alembic's own."""
        return relation in self.created_in_revision or relation in self.version_tables

    def blocking(self, statement: Statement) -> tuple[HeldLock, ...]:
        """The statement's blocking locks on tables that were there before and that it scans or rewrites."""
        return tuple(lock for lock in statement.blocking_locks() if not self.is_new(lock.table))

    def blocking_on(self, statement: Statement, table: str) -> tuple[HeldLock, ...]:
        """The blocking locks on a table as the statement names it, and on its partitions or children.

        A partitioned table has no rows: its own lock comes first all the same where its partitions are worked through.
        """
        key = self.table_key(table)
        family = _catalog.descendants(self.catalog, key.qualified) if key is not None else set()
        blocking = self.blocking(statement)
        named = tuple(lock for lock in blocking if is_named(lock.relation, table))
        below = tuple(lock for lock in blocking if lock.table in family and lock not in named)
        if below and not named:
            named = tuple(lock for lock in self.held_on(statement, table) if lock.mode >= LockMode.SHARE)
        return (*named, *below)

    def held(self, statement: Statement, mode: LockMode = LockMode.ACCESS_SHARE) -> tuple[HeldLock, ...]:
        """Locks of at least this mode on relations that were there before."""
        return tuple(
            lock for lock in statement.held if lock.preexisting and lock.mode >= mode and not self.is_new(lock.table)
        )

    def acquired(self, statement: Statement, mode: LockMode = LockMode.ACCESS_SHARE) -> tuple[HeldLock, ...]:
        """Those of ``held`` that the statement itself took or strengthened."""
        taken = {(lock.relation, lock.mode) for lock in statement.acquired}
        return tuple(lock for lock in self.held(statement, mode) if (lock.relation, lock.mode) in taken)

    def held_on(self, statement: Statement, table: str) -> tuple[HeldLock, ...]:
        """Whatever lock the statement holds on a table that was there before."""
        return tuple(lock for lock in self.held(statement) if is_named(lock.relation, table))

    def existed(self, table: str) -> bool:
        """Whether a relation was there before and is not Alembic's own."""
        key = _catalog.find(self.catalog, _catalog.RELATIONS, table)
        return key is not None and not self.is_new(key.qualified)

    def waits_for_ever(self, statement: Statement) -> bool:
        """Whether a lock that cannot be had at once is waited for without end, with everybody behind it."""
        return statement.lock_timeout == _NO_TIMEOUT

    def table_key(self, table: str) -> ObjectKey | None:
        """The catalog's table for a name with or without schema; ``public`` is preferred."""
        return _catalog.find(self.catalog, _catalog.TABLES, table)

    def column(self, table: str, column: str) -> Attributes:
        """A column as it was before the step; empty where there was none."""
        return _catalog.column(self.catalog, table, column)

    def released_type(self, table: str, column: str) -> str:
        """The type that a column had before the step; "" where there was none."""
        return str(self.column(table, column).get("type") or "")

    def old_type(self, table: str, column: str) -> str:
        """The type that a column has before the statement; "" where there is none."""
        ran = (part for seen in reversed(self.earlier) for part in reversed(seen.parts))
        return type_after((*reversed(self.preceding), *ran), table, column, self.released_type)

    def key_of(self, table: str) -> str:
        """The column to take a table's rows by, in ranges; "" where the step has dropped it, or it has no min()."""
        name = _catalog.key_column(self.catalog, table)
        known = self.column(table, name)
        if known and (not self.old_type(table, name) or known.get("type") not in _ORDERED):
            return ""
        return name

    def same_transaction(self, statement: Statement) -> tuple[Seen, ...]:
        """Earlier statements of the statement's own transaction; none in autocommit."""
        if statement.autocommit:
            return ()
        return tuple(seen for seen in self.earlier if seen.statement.transaction == statement.transaction)

    def held_since(self, lock: HeldLock, statement: Statement) -> Statement | None:
        """The earlier statement that took a lock which this one only holds; None where this one took it."""
        key = (lock.relation, lock.mode)
        if not lock.observed or key in {(taken.relation, taken.mode) for taken in statement.acquired}:
            return None
        earlier = (seen.statement for seen in reversed(self.same_transaction(statement)))
        return next((s for s in earlier if key in {(taken.relation, taken.mode) for taken in s.acquired}), None)


def is_named(relation: str, name: str) -> bool:
    """Whether a schema-qualified relation is the one that a statement calls by this name."""
    return relation == name or ("." not in name and relation.rpartition(".")[2] == name)
