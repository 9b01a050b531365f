"""The JSON report: the one form that is promised to stay stable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_migcheck import __version__

SCHEMA = 1


def json_report(
    entries: Sequence[dict[str, Any]],
    *,
    server: dict[str, Any] | None,
    histories: Sequence[dict[str, Any]],
    since: dict[str, str] | None = None,
    baseline: dict[str, Any] | None = None,
    stopped: str | None,
    root: Path,
) -> str:
    """The whole report as text; paths below ``root`` are relative to it."""
    findings = [f for entry in entries for f in entry["findings"]]
    statements = [s for entry in entries for s in entry["statements"]]
    report = {
        "schema": SCHEMA,
        "version": __version__,
        "server": server,
        "histories": list(histories),
        "since": since,
        "baseline": baseline and {**baseline, "path": relative(baseline["path"], root)},
        "checks": [entry["check"] for entry in entries],
        "findings": [{**f, "path": relative(f["path"], root)} for f in findings],
        "statements": [{**s, "path": relative(s["path"], root)} for s in statements],
        "stopped": stopped,
    }
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def relative(path: str | None, root: Path) -> str | None:
    if path is None:
        return None
    return Path(path).relative_to(root).as_posix() if Path(path).is_relative_to(root) else path
