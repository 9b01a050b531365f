"""What a rule may know besides the statement, and the questions that all rules ask of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.finding import Direction, Severity
from pytest_migcheck.core.lock import HeldLock, LockMode
from pytest_migcheck.core.statement import Statement

_KINDS = {"table": "r", "partitioned table": "p", "materialized view": "m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know besides the statement; relations are schema-qualified names.

    ``catalog`` is what there was before the revision ran.
    """

    revision: str
    direction: Direction
    path: str
    version_num: int
    version_tables: Collection[str]
    created_in_revision: Collection[str]
    catalog: Catalog | None = None
    check: str = "locks"

    def shifted(self, severity: Severity) -> Severity:
        """The severity here: a downgrade is a plan for a bad day, so one lower."""
        return severity.one_lower if self.direction is Direction.DOWNGRADE else severity

    def is_new(self, relation: str) -> bool:
        """Whether nobody waits for the relation: the revision made it, or it is Alembic's own."""
        return relation in self.created_in_revision or relation in self.version_tables

    def blocking(self, statement: Statement) -> tuple[HeldLock, ...]:
        """The statement's blocking locks on tables that were there before the revision."""
        return tuple(lock for lock in statement.blocking_locks() if not self.is_new(lock.table))

    def blocking_on(self, statement: Statement, table: str, mode: LockMode) -> tuple[HeldLock, ...]:
        """The blocking locks on a table as the statement names it, marked where they are as predicted.

        Outside a transaction the locks are gone before anyone can look: then the prediction alone.
        """
        if statement.autocommit and statement.error is None and not statement.held:
            return self.predicted(table, mode)
        return self._marked(self.blocking(statement), table, mode)

    def held_on(self, statement: Statement, table: str, mode: LockMode) -> tuple[HeldLock, ...]:
        """Whatever lock the statement holds on a table that was there before, marked likewise."""
        if not statement.held:
            return self.predicted(table, mode)
        held = tuple(lock for lock in statement.held if lock.preexisting and not self.is_new(lock.table))
        return self._marked(held, table, mode)

    def predicted(self, table: str, mode: LockMode) -> tuple[HeldLock, ...]:
        """The lock that a statement would take on a table that was there before; nothing for a new one."""
        key = self.table_key(table)
        if key is None or self.is_new(f"{key.schema}.{key.name}"):
            return ()
        relation = f"{key.schema}.{key.name}"
        lock = HeldLock(
            relation=relation,
            kind=_KINDS.get(key.kind, "r"),
            mode=mode,
            preexisting=True,
            table=relation,
            predicted=True,
            observed=False,
        )
        return (lock,)

    def table_key(self, table: str) -> ObjectKey | None:
        """The catalog's table for a name with or without schema; ``public`` is preferred."""
        if self.catalog is None:
            return None
        schema, _, name = table.rpartition(".")
        found = [
            key
            for key in self.catalog.objects
            if key.kind in _KINDS and key.name == name and schema in ("", key.schema)
        ]
        return min(found, key=lambda key: (key.schema != "public", key.schema), default=None)

    def old_type(self, table: str, column: str) -> str:
        """The type that a column had before the revision; "" where that is not known."""
        key = self.table_key(table)
        if key is None or self.catalog is None:
            return ""
        attributes = self.catalog.objects.get(ObjectKey("column", key.schema, key.name, column), {})
        return str(attributes.get("type") or "")

    @staticmethod
    def _marked(locks: tuple[HeldLock, ...], table: str, mode: LockMode) -> tuple[HeldLock, ...]:
        return tuple(
            replace(lock, predicted=lock.mode is mode)
            for lock in locks
            if lock.relation == table or ("." not in table and lock.relation.endswith(f".{table}"))
        )
