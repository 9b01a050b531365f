"""What a rule is: its texts, its examples, and the function that looks at a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_migcheck.core.finding import Finding, Severity
from pytest_migcheck.core.lock import HeldLock
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._context import RuleContext
from pytest_migcheck.sql.statements import ParsedStatement

__all__ = ["Example", "Explained", "Look", "Rule", "RuleContext"]

_ORDERS = (
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.String(80)))'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Alembic code: ``setup`` is the body of an earlier revision, ``upgrade`` of the one that is judged."""

    upgrade: str
    setup: str = _ORDERS
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A hazard with its cause: the headline, the fix with the user's names, the locks that it explains."""

    headline: str
    fix: str
    object: str
    locks: tuple[HeldLock, ...] = ()


Look = Callable[[Statement, ParsedStatement, RuleContext], Iterator[Explained]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named hazard. ``look`` yields what it explains of one statement; a rule's module is named after it.

    A ``preview`` rule is silent until it is selected.
    """

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
    preview: bool = False

    @property
    def id(self) -> str:
        return rule_id(self.name)

    @property
    def family(self) -> str:
        """The hundred that the id belongs to, such as ``MC1``."""
        return self.id[:3]

    def finding(self, explained: Explained, statement: Statement, context: RuleContext) -> Finding:
        """The finding for what was explained."""
        source = statement.source
        return Finding(
            id=self.id,
            rule=self.name,
            severity=context.shifted(self.severity),
            check=context.check,
            headline=explained.headline,
            object=explained.object,
            revision=context.revision,
            direction=context.direction,
            path=source.path if source else context.path,
            line=source.line if source else 1,
            source_text=source.text if source else "",
            sql=statement.sql,
            locks=explained.locks,
            details=(*_lock_lines(explained.locks), ("why", self.effect), ("fix", explained.fix)),
        )


def _lock_lines(locks: tuple[HeldLock, ...]) -> tuple[tuple[str, str], ...]:
    return (("lock", "\n".join(map(_lock_line, locks))),) if locks else ()


def _lock_line(lock: HeldLock) -> str:
    words = [word for word, said in (("predicted", lock.predicted), ("observed", lock.observed)) if said]
    return f"{lock.mode.label} on {lock.relation}, {' and '.join(words)}; {lock.mode.blocked}"
