"""An outcome with its texts as they are shown: every report, and the terminal, begins here.

The checks and what silences findings compare the texts as they are, so it is not done where an outcome is made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_migcheck.core.finding import AttributeChange, Difference, Finding, Suppressed
from pytest_migcheck.core.outcome import Outcome, TracedStatement
from pytest_migcheck.core.statement import Statement, StatementError
from pytest_migcheck.core.text import CODE, LIMIT, LINE, clean

_CODE = frozenset(("fix", "insert", "rows", "sql"))


def shown_outcome(outcome: Outcome) -> Outcome:
    """The outcome with clean texts; cleaning it again changes nothing."""
    return replace(
        outcome,
        findings=tuple(shown_finding(f) for f in outcome.findings),
        reason=_or_none(outcome.reason),
        notes=tuple(map(clean, outcome.notes)),
        statements=tuple(map(_statement, outcome.statements)),
        sections=tuple((label, clean(text, CODE)) for label, text in outcome.sections),
    )


def shown_finding(finding: Finding) -> Finding:
    """The finding with clean texts; a replacement that is not exactly what it was is none."""
    replacement = finding.replacement
    return replace(
        finding,
        headline=clean(" ".join(finding.headline.split("\n")), LINE),
        object=clean(finding.object, LINE),
        source_text=clean(finding.source_text, LINE),
        sql=_or_none(finding.sql, CODE),
        part=clean(finding.part, CODE),
        difference=finding.difference and _difference(finding.difference),
        details=tuple((label, clean(text, CODE if label in _CODE else LIMIT)) for label, text in finding.details),
        suppressed=finding.suppressed and _suppressed(finding.suppressed),
        replacement=replacement if replacement is None or clean(replacement, None) == replacement else None,
    )


def shown_everywhere(plain: Any) -> Any:
    """Plain data with every text escaped and none cut: what is not of an outcome, such as paths and messages."""
    if isinstance(plain, str):
        return clean(plain, None)
    if isinstance(plain, dict):
        return {shown_everywhere(key): shown_everywhere(value) for key, value in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [shown_everywhere(value) for value in plain]
    return plain


def _or_none(text: str | None, limit: int = LIMIT) -> str | None:
    return None if text is None else clean(text, limit)


def _suppressed(suppressed: Suppressed) -> Suppressed:
    return Suppressed(by=suppressed.by, reason=clean(suppressed.reason))


def _difference(difference: Difference) -> Difference:
    return replace(
        difference,
        object=clean(difference.object, LINE),
        definition=clean(difference.definition),
        attributes=tuple(
            AttributeChange(name=a.name, expected=_or_none(a.expected, CODE), found=_or_none(a.found, CODE))
            for a in difference.attributes
        ),
    )


def _statement(traced: TracedStatement) -> TracedStatement:
    return replace(traced, statement=_with_clean_sql(traced.statement))


def _with_clean_sql(statement: Statement) -> Statement:
    error = statement.error
    return replace(
        statement,
        sql=clean(statement.sql, CODE),
        error=error and StatementError(sqlstate=error.sqlstate, kind=error.kind, message=clean(error.message)),
    )
