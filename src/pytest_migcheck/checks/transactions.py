"""What a migration does to the transaction that Alembic runs it in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.graph import Revision
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.core.statement import Statement
from pytest_migcheck.core.step import StepRecord
from pytest_migcheck.sql.transaction_control import ends_transaction

_RULE = "transaction-control-in-migration"
_NOT_COMMITTED = (
    "Alembic commits the transaction that it began, and this is another one: after `alembic {command}` "
    "the version table does not record this revision, and what ran after this line is rolled back"
)
FIX = (
    "let Alembic end the transaction; for what must run outside of one:\n"
    "with op.get_context().autocommit_block():\n"
    "    op.execute(...)"
)


def _ending_statement(statements: Sequence[Statement]) -> Statement | None:
    """The first statement with which a migration ended Alembic's transaction."""
    return next((s for s in statements if not s.autocommit and ends_transaction(s.sql) and not s.error), None)


def transaction_findings(record: StepRecord, revision: Revision) -> Iterator[Finding]:
    """An error where Alembic would lose what came after; that it is not atomic any more is a matter of ``locks``."""
    statement = _ending_statement(record.statements)
    if statement is None or not record.left_uncommitted:
        return
    doing = "upgrading" if record.direction is Direction.UPGRADE else "downgrading"
    path, line = revision.place(record.direction)
    source = statement.source
    why = _NOT_COMMITTED.format(command=record.direction.value)
    yield Finding(
        id=rule_id(_RULE),
        rule=_RULE,
        severity=Severity.ERROR,
        check="stairway",
        headline=f"{doing} {revision.id} ends Alembic's transaction itself, and what comes after is not committed",
        object=revision.id,
        revision=revision.id,
        direction=record.direction,
        path=source.path if source else path,
        line=source.line if source else line,
        source_text=source.text if source else "",
        sql=statement.sql,
        details=(("why", why), ("fix", FIX)),
    )


def ended_before(statements: Sequence[Statement], paths: Collection[str]) -> tuple[tuple[str, str], ...]:
    """What a failure has to say besides its error when one of the files had ended the transaction before."""
    statement = _ending_statement([s for s in statements if s.source and s.source.path in paths])
    if statement is None or statement.source is None:
        return ()
    place = f"{statement.source.path}:{statement.source.line}"
    first = statement.sql.split(maxsplit=1)[0].upper()
    return (
        ("before", f"{first} at {place} had ended Alembic's transaction: what was committed by then stays"),
        ("fix", FIX),
    )
