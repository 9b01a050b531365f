"""Models that env.py does not import: why a table is only in the migrations, or in neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_migcheck.core.finding import Change, Finding, Severity
from pytest_migcheck.core.rule_ids import rule_id
from pytest_migcheck.history.source import ForgottenTable


def with_forgotten(findings: Sequence[Finding], forgotten: Sequence[ForgottenTable], env_path: str) -> list[Finding]:
    """Say at each table whose model was forgotten where that is, and name those that migrations lack as well."""
    told = [_explained(finding, forgotten) for finding in findings]
    seen = [_names(f) for f in findings if f.difference and f.difference.kind.endswith("table")]
    unseen = (t for t in forgotten if not t.imported and not any(t.may_be(*names) for names in seen))
    return told + [_finding(table, env_path) for table in unseen]


def _explained(finding: Finding, forgotten: Sequence[ForgottenTable]) -> Finding:
    difference = finding.difference
    is_table = difference is not None and difference.kind.endswith("table") and difference.change is Change.ADDED
    candidates = [t for t in forgotten if is_table and t.may_be(*_names(finding))]
    # One that says its schema is surely meant.
    table = max(candidates, key=lambda t: bool(t.schema), default=None)
    if table is None:
        return finding
    details = {**dict(finding.details), "models": _where(table), "fix": _fix(table)}
    return replace(finding, path=table.path, line=table.line, details=tuple(details.items()))


def _names(finding: Finding) -> tuple[str, str]:
    """The schema and the name of a table; a database may stand before them."""
    schema, _, name = finding.object.rpartition(".")
    return schema.rpartition(":")[2], name


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
        headline=f"table {table.label}: {table.module} declares it, and env.py does not import that module",
        object=table.label,
        path=table.path,
        line=table.line,
        details=(("models", _where(table)), ("migrated", f"– ({env_path})"), ("fix", _fix(table))),
    )
