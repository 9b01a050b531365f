"""The whole report of a run as one plain object, from which every report file is rendered."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_migcheck import __version__
from pytest_migcheck.report.shown import shown_everywhere

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a run besides its entries.

    ``since`` and ``baseline`` are what is left out of the verdict, None where nothing is (``plugin.telling``);
    ``settings`` are those that were set, as they are shown; ``rules`` the texts of rules by id; ``top`` the directory
    of the repository, where ``root`` may lie deeper.
    """

    root: Path
    top: Path
    server: Mapping[str, Any] | None = None
    histories: Sequence[Mapping[str, Any]] = ()
    since: Mapping[str, str] | None = None
    baseline: Mapping[str, Any] | None = None
    stopped: str | None = None
    started: str | None = None
    seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def build_report(entries: Sequence[Mapping[str, Any]], about: About) -> dict[str, Any]:
    """The report in the form of the JSON report; paths below the root are relative to it."""
    report: dict[str, Any] = shown_everywhere(_built(entries, about))
    return report


def _built(entries: Sequence[Mapping[str, Any]], about: About) -> dict[str, Any]:
    root = about.root
    findings = [f for entry in entries for f in entry["findings"]]
    statements = [s for entry in entries for s in entry["statements"]]
    used = {f["id"] for f in findings}
    return {
        "schema": SCHEMA,
        "version": __version__,
        "server": about.server,
        "histories": [_history(history, root) for history in about.histories],
        "since": about.since and dict(about.since),
        "baseline": about.baseline and {**about.baseline, "path": relative(about.baseline["path"], root)},
        "checks": [entry["check"] for entry in entries],
        "findings": [_finding(f, root) for f in findings],
        "statements": [{**s, "path": relative(s["path"], root)} for s in statements],
        "stopped": about.stopped,
        "root": root.relative_to(about.top).as_posix() if root.is_relative_to(about.top) else ".",
        "run": {
            "started": about.started,
            "seconds": about.seconds,
            "versions": dict(about.versions),
            "settings": dict(about.settings),
        },
        "notes": list(dict.fromkeys(note for entry in entries for note in entry.get("notes", ()))),
        "rules": {id_: dict(rule) for id_, rule in about.rules.items() if id_ in used},
    }


def _finding(finding: Mapping[str, Any], root: Path) -> dict[str, Any]:
    details = [[label, text.replace(f"{root}{os.sep}", "")] for label, text in finding["details"]]
    return {**finding, "path": relative(finding["path"], root), "details": details}


def _history(history: Mapping[str, Any], root: Path) -> dict[str, Any]:
    graph = [{**revision, "path": relative(revision["path"], root)} for revision in history.get("graph", ())]
    return {**history, "graph": graph}


def relative(path: str | None, root: Path) -> str | None:
    """``path`` relative to ``root`` where it lies below it."""
    if path is None:
        return None
    return Path(path).relative_to(root).as_posix() if Path(path).is_relative_to(root) else path
