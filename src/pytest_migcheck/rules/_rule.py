"""What a rule is: its texts, its examples, and the function that looks at a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent

from pytest_migcheck.core.finding import Finding, Severity
from pytest_migcheck.core.lock import Basis, HeldLock, basis_of
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.rules._context import RuleContext
from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.statements import ParsedStatement

__all__ = ["Basis", "Example", "Explained", "Look", "Rule", "RuleContext", "Severity"]

_ORDERS = (
    'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.String(80)))'
)


# What a fix says where it goes on in another revision.
NEXT_REVISION = "# the next revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Alembic code: ``setup`` is the body of an earlier revision, ``upgrade`` of the one that is judged.

    ``also`` names other rules that a bad example breaks, too; ``version`` is the first PostgreSQL that can run it and
    ``until`` the last.
    """

    upgrade: str
    setup: str = _ORDERS
    downgrade: str = "pass"
    note: str = ""
    also: tuple[str, ...] = ()
    version: int = 0
    until: int = 99

    def __post_init__(self) -> None:
        for name in ("setup", "upgrade"):
            object.__setattr__(self, name, dedent(getattr(self, name)).strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A hazard with its cause: the headline, the fix with the user's names, the locks that it explains.

    ``basis`` is for what is no matter of locks; where there are locks, they say it themselves. ``exact`` means that
    the fix can stand in place of the statement, as it is.
    """

    headline: str
    fix: str
    object: str
    locks: tuple[HeldLock, ...] = ()
    basis: Basis = Basis.PREDICTED
    exact: bool = False


Look = Callable[[Statement, ParsedStatement, RuleContext], Iterator[Explained]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named hazard. ``look`` yields what it explains of one statement; a rule's module is named after it.

    ``own_id`` is the id of a rule that is not in ``core/rule_ids.py``: one of the user's own.
    A rule that is ``off`` is silent until it is selected. ``upgrade_only`` are those about code that is running: a
    downgrade takes the newer code away. ``measured`` are forms of the lock tables that show the effect.
    """

    name: str
    severity: Severity
    since: str
    summary: str
    condition: str
    effect: str
    fix: str
    look: Look
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    off: bool = False
    upgrade_only: bool = False
    last: bool = False
    measured: tuple[str, ...] = ()
    own_id: str = ""

    @property
    def id(self) -> str:
        return self.own_id or rule_id(self.name)

    @property
    def family(self) -> str:
        """The hundred that the id belongs to, such as ``MC1``."""
        return self.id[:3]

    def finding(
        self, explained: Explained, statement: Statement, context: RuleContext, part: str = ""
    ) -> Finding:
        """The finding for what was explained, of one ``part`` of the statement's SQL."""
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
            part=part,
            locks=explained.locks,
            details=(
                *_lock_lines(explained.locks, statement, context),
                ("basis", (basis_of(explained.locks) if explained.locks else explained.basis).value),
                ("why", self.effect),
                ("fix", explained.fix),
                *_apply_lines(explained.fix),
            ),
            replacement=explained.fix if explained.exact and _is_all(statement) else None,
        )


def _is_all(statement: Statement) -> bool:
    """Whether a fix can stand for all that the call does: it has one statement, and no block around it."""
    return not statement.autocommit and len(split(statement.sql)) == 1


def _apply_lines(fix: str) -> tuple[tuple[str, str], ...]:
    """How a fix is applied that no patch can hold."""
    revisions = fix.count(NEXT_REVISION) + 1
    if revisions == 1:
        return ()
    return (("apply", f"by hand, in {revisions} revisions: each is deployed before the next one runs"),)


def _lock_lines(
    locks: tuple[HeldLock, ...], statement: Statement, context: RuleContext
) -> tuple[tuple[str, str], ...]:
    lines = (_lock_line(lock, context.held_since(lock, statement)) for lock in locks)
    return (("lock", "\n".join(lines)),) if locks else ()


def _lock_line(lock: HeldLock, since: Statement | None) -> str:
    words = [word for word, said in (("predicted", lock.predicted), ("observed", lock.observed)) if said]
    known = f", held since line {since.source.line}" if since is not None and since.source is not None else ""
    return f"{lock.mode.label} on {lock.relation}{known}, {' and '.join(words)}; {lock.mode.blocked}"
