"""The report files of a run, and its annotations; written by the controller from the plain entries."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.plugin.options import OPTIONS, value_of
from pytest_migcheck.plugin.telling import judged_of, plain_since, tally_of
from pytest_migcheck.report.build import About, build_report
from pytest_migcheck.session import Session

OWN_FOLDER = ".migcheck"
_LIBRARIES = ("pytest", "alembic", "sqlalchemy")
# What changes how much is printed or where to, and says nothing of what was judged.
_NOT_SHOWN = frozenset(("migcheck", "migcheck_report", "verbosity_migcheck"))


class ReportFiles:
    """Turns entries into the reports that were asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.time()

    def build(self, entries: Sequence[dict[str, Any]], session: Session, stopped: str | None) -> dict[str, Any]:
        """The report as plain data; also when the run was cut short."""
        root = session.settings.root
        try:
            histories = [{**_history(h), "judged": judged_of(session, h)} for h in session.histories()]
            since, found = plain_since(session), tally_of(session, entries)
        except MigcheckError as error:
            histories, since, found, stopped = [], None, None, stopped or str(error)
        about = About(
            root=root,
            top=top_of(root),
            server=next((e["server"] for e in entries if e.get("server")), None),
            histories=histories,
            since=since,
            baseline=None if found is None else found.plain(),
            stopped=stopped,
            started=f"{datetime.fromtimestamp(self._began, timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
            seconds=round(time.time() - self._began, 2),
            versions={"python": platform.python_version(), **{n: metadata.version(n) for n in _LIBRARIES}},
            settings=dict(_shown_settings(self._config)),
            rules=_rule_texts(self._config) if session.settings.reports else {},
        )
        return build_report(entries, about)

    def write(self, report: Mapping[str, Any], paths: Mapping[str, Path]) -> None:
        """Write every report that is a file."""
        for kind, path in paths.items():
            if kind != "github":
                make_folder(path.parent)
                path.write_text(_rendered(kind, report), encoding="utf-8")

    def annotations(self, report: Mapping[str, Any]) -> Iterator[str]:
        """Workflow commands for the findings."""
        from pytest_migcheck.report.github import workflow_commands

        # pytest-github-actions-annotate-failures annotates the first finding of each item that fails.
        other = _on_github() and self._config.pluginmanager.hasplugin("annotate_errors")
        annotated = {c["node"] for c in report["checks"] if c["outcome"] == "failed"} if other else ()
        yield from workflow_commands(report, annotated)


def annotates(reports: Collection[str]) -> bool:
    """Whether workflow commands are printed: where GitHub runs us, or they are among the reports."""
    return "github" in reports or _on_github()


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def make_folder(folder: Path) -> None:
    """Make the folder of a report; our own tells git to leave it alone, as pytest's cache does."""
    if folder.name == OWN_FOLDER and not folder.exists():
        folder.mkdir(parents=True)
        (folder / ".gitignore").write_text("# Written by pytest-migcheck.\n*\n", encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)


def top_of(root: Path) -> Path:
    """The directory of the repository that ``root`` is in, else itself."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def _rendered(kind: str, report: Mapping[str, Any]) -> str:
    if kind == "sarif":
        from pytest_migcheck.report.sarif import sarif_report

        return sarif_report(report)
    if kind == "html":
        from pytest_migcheck.report.html import html_report

        return html_report(report)
    from pytest_migcheck.report.json import json_report

    return json_report(report)


def _history(history: Any) -> dict[str, Any]:
    return {
        "name": history.name,
        "kind": history.kind,
        "revisions": len(history.graph.revisions),
        "heads": list(history.graph.heads),
        "graph": [
            {
                "id": revision.id,
                "parents": list(revision.parents),
                "depends_on": list(revision.depends_on),
                "message": revision.message,
                "labels": list(revision.branch_labels),
                "path": revision.path,
                "line": revision.upgrade_line,
            }
            for revision in history.graph.revisions.values()
        ],
    }


def _shown_settings(config: pytest.Config) -> Iterator[tuple[str, str]]:
    """The settings that were set; what may hold a password is cut down."""
    for option in OPTIONS:
        value = value_of(config, option.name)[1]
        if option.name in _NOT_SHOWN or value in (None, "", [], False):
            continue
        values = [str(part) for part in value] if isinstance(value, list) else [str(value)]
        if option.name == "migcheck_env":
            values = [part.partition("=")[0] for part in values]
        yield option.name, ", ".join(map(_without_password, values)) if value is not True else "on"


def _without_password(value: str) -> str:
    if "://" not in value:
        return value
    parts = urlsplit(value)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _rule_texts(config: pytest.Config) -> dict[str, dict[str, Any]]:
    from pytest_migcheck.core.finding_texts import finding_texts
    from pytest_migcheck.plugin.explaining import own_rules
    from pytest_migcheck.rules import all_rules

    others = {
        id_: {
            "name": name,
            "severity": text.severity.value,
            "summary": text.summary,
            "condition": text.condition,
            "effect": text.effect,
            "fix": text.fix,
            "page": False,
        }
        for id_, (name, text) in finding_texts().items()
    }
    return others | {
        rule.id: {
            "name": rule.name,
            "severity": rule.severity.value,
            "summary": rule.summary,
            "condition": rule.condition,
            "effect": rule.effect,
            "fix": rule.fix,
            "page": not rule.own_id,
        }
        for rule in (*all_rules(), *own_rules(config))
    }
