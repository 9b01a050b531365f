"""Models that env.py does not import: why a table is only in the migrations, or in neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_migcheck.core.finding import Change, Finding, Severity
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.history.source import ForgottenTable


def with_forgotten(findings: Sequence[Finding], forgotten: Sequence[ForgottenTable], env_path: str) -> list[Finding]:
    """Say at each table whose model was forgotten where that is, and name those that migrations lack as well."""
    by_name = {table.name: table for table in forgotten}
    told = [_explained(finding, by_name) for finding in findings]
    seen = {f.object.rpartition(".")[2] for f in findings if f.difference and f.difference.kind.endswith("table")}
    return told + [_finding(t, env_path) for t in forgotten if t.name not in seen and not t.imported]


def _explained(finding: Finding, by_name: dict[str, ForgottenTable]) -> Finding:
    difference = finding.difference
    table = by_name.get(finding.object.rpartition(".")[2])
    is_table = difference is not None and difference.kind.endswith("table") and difference.change is Change.ADDED
    if table is None or not is_table:
        return finding
    details = {**dict(finding.details), "models": _where(table), "fix": _fix(table)}
    return replace(finding, path=table.path, line=table.line, details=tuple(details.items()))


def _where(table: ForgottenTable) -> str:
    why = "on other metadata than is compared" if table.imported else f"and env.py does not import {table.module}"
    return f"{table.path}:{table.line} declares it, {why}"


def _fix(table: ForgottenTable) -> str:
    if table.imported:
        return "give env.py's target_metadata a list that holds its metadata too, or set migcheck_metadata"
    return f"import {table.module}  # in env.py, above target_metadata"


def _finding(table: ForgottenTable, env_path: str) -> Finding:
    return Finding(
        id=rule_id("drift"),
        rule="drift",
        severity=Severity.WARNING,
        check="drift",
        headline=f"table {table.name}: {table.module} declares it, and env.py does not import that module",
        object=table.name,
        path=table.path,
        line=table.line,
        details=(("models", _where(table)), ("migrated", f"– ({env_path})"), ("fix", _fix(table))),
    )
