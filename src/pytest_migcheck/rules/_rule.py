"""What a rule is: its texts, its examples, and the function that looks at a statement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from pytest_migcheck.core.catalog import Catalog
from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.lock import HeldLock
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.sql.statements import ParsedStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Alembic code: ``setup`` is the body of an earlier revision, ``upgrade`` of the one that is judged."""

    upgrade: str
    setup: str = 'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.String(80)))'


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know besides the statement; relations are schema-qualified names."""

    revision: str
    direction: Direction
    path: str
    version_num: int
    version_tables: Collection[str]
    created_in_revision: Collection[str]
    catalog: Catalog | None = None

    def is_new(self, relation: str) -> bool:
        """Whether the revision itself made the relation, so that nobody waits for it."""
        return relation in self.created_in_revision or relation in self.version_tables

    def blocking(self, statement: Statement) -> tuple[HeldLock, ...]:
        """The statement's blocking locks on tables that were there before the revision."""
        return tuple(lock for lock in statement.blocking_locks() if not self.is_new(lock.table))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A hazard with its cause: the headline, the fix with the user's names, the locks that it explains."""

    headline: str
    fix: str
    object: str
    locks: tuple[HeldLock, ...] = ()
    predicted: bool = True


Look = Callable[[Statement, ParsedStatement, RuleContext], Iterator[Explained]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named hazard. ``look`` yields what it explains of one statement; a rule's module is named after it."""

    name: str
    severity: Severity
    since: str
    summary: str
    condition: str
    effect: str
    fix: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    look: Look

    def finding(self, id_: str, explained: Explained, statement: Statement, context: RuleContext) -> Finding:
        """The finding for what was explained."""
        source = statement.source
        return Finding(
            id=id_,
            rule=self.name,
            severity=self.severity,
            check="locks",
            headline=explained.headline,
            object=explained.object,
            revision=context.revision,
            direction=context.direction,
            path=source.path if source else context.path,
            line=source.line if source else 1,
            source_text=source.text if source else "",
            sql=statement.sql,
            locks=explained.locks,
            details=(*_lock_lines(explained), ("why", self.effect), ("fix", explained.fix)),
        )


def _lock_lines(explained: Explained) -> tuple[tuple[str, str], ...]:
    seen = "predicted and observed" if explained.predicted else "observed"
    lines = [f"{lock.mode.label} on {lock.relation}, {seen}; {lock.mode.blocked}" for lock in explained.locks]
    return (("lock", "\n".join(lines)),) if lines else ()


def on_table(locks: tuple[HeldLock, ...], table: str) -> tuple[HeldLock, ...]:
    """The locks on a table that a statement names, with or without its schema."""
    return tuple(lock for lock in locks if lock.relation == table or lock.relation.endswith(f".{table}"))


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
