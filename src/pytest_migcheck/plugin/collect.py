"""Revision files and env.py files as collectors; what is asked of them as items."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_migcheck.core.finding import Severity
from pytest_migcheck.core.outcome import HISTORY_CHECKS, REVISION_CHECKS, MigcheckError, Outcome, Status
from pytest_migcheck.plugin.failure import FindingsFailed, representation
from pytest_migcheck.report.plain import plain_outcome
from pytest_migcheck.report.terminal import outcome_headline, render_outcome
from pytest_migcheck.session import Session
from pytest_migcheck.settings import Settings

REPORT_KEY = "migcheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One item: what is asked, of which history and revision; ``position`` orders the items of a history."""

    history: str
    check: str
    revision: str | None
    title: str
    line: int
    position: tuple[int, int]


class MigcheckFile(pytest.File):
    """A file of a history, in the place of the collectors that pytest would use for it."""

    asked: tuple[Asked, ...]
    session_: Session
    settings: Settings
    shared: bool

    @classmethod
    def of(cls, parent: Any, path: Path, asked: tuple[Asked, ...], session: Session, settings: Settings) -> Any:
        node = cls.from_parent(parent, path=path)
        node.asked, node.session_, node.settings = asked, session, settings
        node.shared = len({a.history for a in asked}) > 1
        return node

    def collect(self) -> Iterator[MigcheckItem]:
        for asked in self.asked:
            name = f"{asked.check}[{asked.history}]" if self.shared else asked.check
            item: MigcheckItem = MigcheckItem.from_parent(self, name=name)
            item.prepare(asked, self.session_, self.settings)
            yield item


class MigcheckItem(pytest.Item):
    """One check of one revision, or of a whole history."""

    asked: Asked
    outcome: Outcome | None = None

    def prepare(self, asked: Asked, session: Session, settings: Settings) -> None:
        self.asked, self._session, self._settings = asked, session, settings
        self.add_marker(pytest.mark.migcheck(check=asked.check, revision=asked.revision))
        self.extra_keyword_matches.update(filter(None, (asked.check, asked.revision)))
        self.seconds = 0.0

    def runtest(self) -> None:
        started = time.perf_counter()
        try:
            found = self._session.run(self.asked.history, self.asked.check, self.asked.revision)
        except MigcheckError as error:
            self.outcome = Outcome(status=Status.ERROR, reason=str(error))
            raise
        finally:
            self.seconds = time.perf_counter() - started
        self.outcome = _by_settings(found, self._settings)
        for finding in self.outcome.findings:
            self.user_properties += [
                ("migcheck.rule", f"{finding.id} {finding.rule}"),
                ("migcheck.severity", finding.severity.value),
            ]
        if self.asked.revision:
            self.user_properties.append(("migcheck.revision", self.asked.revision))
        if self.outcome.status is Status.SKIPPED:
            pytest.skip(self.outcome.reason or "")
        if self.outcome.status is Status.FAILED:
            raise FindingsFailed(self.outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        error = excinfo.value
        verbosity = self.config.get_verbosity()
        if isinstance(error, FindingsFailed):
            text = render_outcome(
                error.outcome, root=self.config.rootpath, node=self.nodeid, verbosity=verbosity
            )
            first = next(f for f in error.outcome.findings if f.severity is not Severity.INFO)
            return representation(
                text,
                headline=outcome_headline(error.outcome),
                path=first.path or str(self.path),
                line=first.line or 1,
            )
        if isinstance(error, MigcheckError):
            text = str(error)
            return representation(text, headline=text.splitlines()[0], path=str(self.path), line=self.asked.line)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.asked.line - 1, f"[migcheck] {self.asked.title}: {self.asked.check}"

    def plain(self) -> dict[str, Any]:
        """The item's entry for the reports."""
        outcome = self.outcome or Outcome(status=Status.SKIPPED, reason="not run")
        return plain_outcome(
            outcome,
            node=self.nodeid,
            history=self.asked.history,
            check=self.asked.check,
            revision=self.asked.revision,
            seconds=self.seconds,
        )


def _by_settings(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome without the rules that were taken away, failed from the severity that was set."""
    if outcome.status not in (Status.PASSED, Status.FAILED):
        return outcome
    kept = tuple(f for f in outcome.findings if not settings.ignored(f.id, f.rule))
    failing = {Severity.ERROR} | ({Severity.WARNING} if settings.fail_on == "warning" else set())
    failed = any(f.severity in failing and f.suppressed is None for f in kept)
    return replace(outcome, findings=kept, status=Status.FAILED if failed else Status.PASSED)


def asked_by_file(session: Session, checks: tuple[str, ...]) -> dict[Path, tuple[Asked, ...]]:
    """The items of every file, files in the order of the graph."""
    found: dict[Path, list[Asked]] = {}
    for number, history in enumerate(session.histories()):
        last = len(history.graph.order)
        env = found.setdefault(history.env_path.resolve(), [])
        for place, check in enumerate(HISTORY_CHECKS):
            if check in checks:
                position = (number, -1 if check == "heads" else last + place)
                env.append(
                    Asked(history=history.name, check=check, revision=None, title=history.name, line=1, position=position)
                )
        for place, revision in enumerate(history.graph.revisions.values()):
            title = f"{revision.id} {revision.message}".strip()
            found.setdefault(Path(revision.path).resolve(), []).extend(
                Asked(
                    history=history.name, check=check, revision=revision.id, title=title,
                    line=revision.upgrade_line, position=(number, place),
                )
                for check in REVISION_CHECKS
                if check in checks
            )
    return {path: tuple(asked) for path, asked in found.items() if asked}
