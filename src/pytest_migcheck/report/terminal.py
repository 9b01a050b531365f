"""Findings as text for the terminal: headline, where, what, why, fix, how to silence it, where to read more."""

from __future__ import annotations

import linecache
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_migcheck.core.finding import Direction, Finding, Severity
from pytest_migcheck.core.outcome import Outcome, TracedStatement
from pytest_migcheck.core.text import LINE, clean
from pytest_migcheck.report.build import relative
from pytest_migcheck.report.github import for_a_log
from pytest_migcheck.report.shown import shown_finding, shown_outcome

_WIDTH = 8
_SHOWN_SQL = 1200


def headline(finding: Finding) -> str:
    """One line: id, name, and what is wrong."""
    return f"{finding.id} {finding.rule}: {finding.headline}"


def outcome_headline(outcome: Outcome) -> str:
    """The first line of a failed item, for the short summary, JUnit and annotations."""
    first, count = first_shown(outcome), len(_shown(outcome))
    if first is None:
        return for_a_log(clean(outcome.reason or "", LINE))
    return for_a_log(headline(shown_finding(first))) + (f" (and {count - 1} more)" if count > 1 else "")


def first_shown(outcome: Outcome) -> Finding | None:
    """The finding that stands for a failed item where there is room for one."""
    shown = _shown(outcome)
    return next((f for f in shown if f.severity is Severity.ERROR), next(iter(shown), None))


def _shown(outcome: Outcome) -> list[Finding]:
    return [f for f in outcome.findings if f.severity is not Severity.INFO and f.suppressed is None]


def render_outcome(outcome: Outcome, *, root: Path, node: str, verbosity: int, options: str = "--migcheck") -> str:
    """The full text of a failed item.

    Args:
        outcome: what the check found.
        root: paths below it are shown relative to it.
        node: the node id, for the line that runs the item again.
        verbosity: 2 adds every statement with its locks and the whole traceback.
        options: what that line needs besides the node id.
    """
    outcome = shown_outcome(outcome)
    blocks = [render_finding(f, root) for f in _shown(outcome)]
    if outcome.reason is not None:
        blocks.append(f"  note    {outcome.reason}" if blocks else outcome.reason)
    listed = [f for f in outcome.findings if f.severity is Severity.INFO]
    if listed:
        lines = [f"  listed  {f.headline}" for f in listed[:20]]
        blocks.append("\n".join(lines))
    tail = [f"  again   pytest {options} '{node}'"]
    sections = dict(outcome.sections)
    if verbosity >= 2:
        blocks += [_statements(outcome.statements, root)] if outcome.statements else []
        if sections.get("full traceback"):
            blocks.append(sections["full traceback"])
    return for_a_log(clean("\n".join([*blocks, *tail]), None))


def render_finding(finding: Finding, root: Path) -> str:
    """One finding, complete in itself."""
    finding = shown_finding(finding)
    return "\n".join([headline(finding), *_where(finding, root), *_rows(finding, root)])


def _where(finding: Finding, root: Path) -> Iterator[str]:
    if finding.path is None:
        return
    place = f"  {relative(finding.path, root)}:{finding.line}"
    word = "downgrade" if finding.path.endswith(".sql") else "downgrade()"
    yield place + (f"  {word}" if finding.direction is Direction.DOWNGRADE else "")
    text = clean(linecache.getline(finding.path, finding.line or 0).rstrip(), LINE)
    if text and finding.check in ("stairway", "locks", "upgrade", "roundtrip") and not text.startswith("def "):
        yield f"  {finding.line} | {text}"


def _silence(finding: Finding) -> str:
    """What to write where, so that the finding is silent; a lock file or a journal takes no comment of ours."""
    sign = {".py": "#", ".sql": "--"}.get(Path(finding.path or "").suffix)
    return f"{sign} migcheck: ignore[{finding.id}] <reason>" if sign else f"migcheck_ignore = {finding.id}"


def _rows(finding: Finding, root: Path) -> Iterator[str]:
    if finding.sql:
        yield from _row("sql", _short(finding.sql))
    for label, text in finding.details:
        yield from _row(label, text.replace(f"{root}{os.sep}", ""))
    if finding.check in ("locks", "heads") and finding.id != "MC010" and not finding.id.startswith("MC9"):
        yield from _row("ignore", _silence(finding))
        yield from _row("more", f"pytest --migcheck-explain {finding.id}")


def _row(label: str, text: str) -> Iterator[str]:
    lines = text.splitlines() or [""]
    # A label as wide as the column still has a blank behind it.
    yield f"  {label:<{_WIDTH - 1}} {lines[0]}"
    for line in lines[1:]:
        yield f"  {'':<{_WIDTH}}{line}"


def _short(sql: str) -> str:
    text = "\n".join(line for line in sql.strip().splitlines() if line.strip())
    return text if len(text) <= _SHOWN_SQL else text[:_SHOWN_SQL] + " ..."


def _statements(statements: Sequence[TracedStatement], root: Path) -> str:
    lines = ["statements"]
    for traced in statements:
        statement = traced.statement
        place = f"{relative(statement.source.path, root)}:{statement.source.line}" if statement.source else ""
        transaction = "autocommit" if statement.autocommit else f"transaction {statement.transaction}"
        lines.append(f"  {traced.direction.value} {traced.run}  {transaction}  {place}")
        lines.append(f"    {' '.join(statement.sql.split())[:200]}")
        lines += [f"    {lock.mode.label} on {lock.relation}" for lock in statement.acquired]
        lines += [f"    scans {name}" for name in statement.scans]
        lines += [f"    rewrites {name}" for name in statement.rewrites]
    return "\n".join(lines)
