"""An outcome as plain data, which survives pytest-xdist, and from which every report is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_migcheck.core.finding import Difference, Finding
from pytest_migcheck.core.lock import HeldLock
from pytest_migcheck.core.outcome import Outcome, TracedStatement, WalkedStep
from pytest_migcheck.report.shown import shown_outcome


def plain_outcome(
    outcome: Outcome, *, node: str, history: str, check: str, revision: str | None, seconds: float
) -> dict[str, Any]:
    """The check's entry, its findings and its statements, in the form of the JSON report."""
    outcome = shown_outcome(outcome)
    return {
        "check": {
            "node": node,
            "history": history,
            "check": check,
            "revision": revision,
            "outcome": outcome.status.value,
            "reason": outcome.reason,
            "seconds": round(seconds, 4),
            "steps": [_plain_step(s) for s in outcome.steps],
            "tried": outcome.tried and {"sets": outcome.tried.sets, "tables": dict(outcome.tried.tables)},
        },
        "findings": [{**plain_finding(f, history), "node": node} for f in outcome.findings],
        "statements": [_plain_statement(s, history, node) for s in outcome.statements],
        "notes": list(outcome.notes),
    }


def plain_finding(finding: Finding, history: str) -> dict[str, Any]:
    difference = finding.difference
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "check": finding.check,
        "history": history,
        "revision": finding.revision,
        "direction": finding.direction.value if finding.direction else None,
        "path": finding.path,
        "line": finding.line,
        "object": finding.object,
        "replacement": finding.replacement,
        **{label: text for label, text in finding.details if label in ("rows", "insert")},
        "headline": finding.headline,
        "sql": finding.sql,
        "locks": _plain_locks(finding.locks),
        "difference": difference and _plain_difference(difference),
        "suppressed": finding.suppressed and {"by": finding.suppressed.by, "reason": finding.suppressed.reason},
        "details": [[label, text] for label, text in finding.details],
    }


def _plain_difference(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind,
        "object": difference.object,
        "change": difference.change.value,
        "definition": difference.definition,
        "attributes": [{"name": a.name, "expected": a.expected, "found": a.found} for a in difference.attributes],
    }


def _plain_step(step: WalkedStep) -> dict[str, Any]:
    return {
        "direction": step.direction.value,
        "pass": step.run,
        "state": step.state.value,
        "seconds": None if step.seconds is None else round(step.seconds, 6),
    }


def _plain_locks(locks: Iterable[HeldLock]) -> list[dict[str, Any]]:
    return [
        {
            "relation": lock.relation,
            "mode": lock.mode.label,
            "predicted": lock.predicted,
            "observed": lock.observed,
            "table": lock.table,
            "preexisting": lock.preexisting,
        }
        for lock in locks
    ]


def _plain_statement(traced: TracedStatement, history: str, node: str) -> dict[str, Any]:
    statement = traced.statement
    return {
        "history": history,
        "node": node,
        "revision": traced.revision,
        "direction": traced.direction.value,
        "pass": traced.run,
        "path": statement.source.path if statement.source else None,
        "line": statement.source.line if statement.source else None,
        "sql": statement.sql,
        "seconds": round(statement.seconds, 6),
        "transaction": statement.transaction,
        "error": statement.error.message if statement.error else None,
        "locks": _plain_locks(statement.held),
        "rewrites": list(statement.rewrites),
        "scans": list(statement.scans),
        "started": round(statement.started, 6),
        "released": None if statement.released is None else round(statement.released, 6),
    }
