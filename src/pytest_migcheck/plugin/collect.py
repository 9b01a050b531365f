"""Revision files and env.py files as collectors; what is asked of them as items."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_migcheck.core.finding import Finding, Severity
from pytest_migcheck.core.outcome import HISTORY_CHECKS, REVISION_CHECKS, MigcheckError, Outcome, Status
from pytest_migcheck.plugin.failure import FindingsFailed, representation
from pytest_migcheck.report.github import for_a_log
from pytest_migcheck.report.plain import plain_outcome
from pytest_migcheck.report.terminal import first_shown, outcome_headline, render_outcome
from pytest_migcheck.session import Session
from pytest_migcheck.settings import Settings

REPORT_KEY = "migcheck"
NOT_RUN = "not run"


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

    @classmethod
    def of(cls, parent: Any, path: Path, asked: tuple[Asked, ...], session: Session, settings: Settings) -> Any:
        # pytest names every file outside of rootdir ""; such a node id cannot be run.
        inside = path.is_relative_to(parent.config.rootpath)
        named: dict[str, Any] = {} if inside else {"nodeid": _from_rootdir(path, parent.config.rootpath)}
        node = cls.from_parent(parent, path=path, **named)
        node.asked, node.session_, node.settings = asked, session, settings
        return node

    def collect(self) -> Iterator[MigcheckItem]:
        for asked in self.asked:
            item: MigcheckItem = MigcheckItem.from_parent(self, name=_item_name(asked, self.asked))
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
        except Exception as error:
            reason = str(error) if isinstance(error, MigcheckError) else f"{type(error).__name__}: {error}"
            self.outcome = Outcome(status=Status.ERROR, reason=reason)
            raise
        finally:
            self.seconds = time.perf_counter() - started
        self.outcome = _by_settings(found, self._settings)
        self._add_properties(self.outcome)
        _raise_for(self.outcome)

    def _add_properties(self, outcome: Outcome) -> None:
        for finding in outcome.findings:
            self.user_properties += [
                ("migcheck.rule", f"{finding.id} {finding.rule}"),
                ("migcheck.severity", finding.severity.value),
            ]
        if self.asked.revision:
            self.user_properties.append(("migcheck.revision", self.asked.revision))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        error = excinfo.value
        verbosity = self.config.get_verbosity("migcheck")
        if isinstance(error, FindingsFailed):
            text = render_outcome(
                error.outcome,
                root=self.config.rootpath,
                node=self.nodeid,
                verbosity=verbosity,
                options=self._options_to_run(),
            )
            first = first_shown(error.outcome)
            return representation(
                text,
                headline=outcome_headline(error.outcome),
                path=(first and first.path) or str(self.path),
                line=(first and first.line) or self.asked.line,
            )
        if isinstance(error, MigcheckError):
            text = for_a_log(str(error))
            return representation(text, headline=text.splitlines()[0], path=str(self.path), line=self.asked.line)
        # A fault of ours: without the frames of pytest, which calls runtest through two dozen of them.
        excinfo.traceback = excinfo.traceback.cut(path=__file__)
        return super().repr_failure(excinfo)

    def _options_to_run(self) -> str:
        ini = self.config.inipath
        if ini is None or self.path.is_relative_to(self.config.rootpath):
            return "--migcheck"
        # With a path outside of rootdir alone, pytest looks for its ini file there.
        return f"-c {_from_rootdir(ini, self.config.rootpath)} --migcheck"

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.asked.line - 1, f"[migcheck] {self.asked.title}: {self.asked.check}"

    def plain(self) -> dict[str, Any]:
        """The item's entry for the reports."""
        return _plain(self.asked, self.nodeid, self.outcome, self.seconds)


def _plain(asked: Asked, node: str, outcome: Outcome | None, seconds: float) -> dict[str, Any]:
    return plain_outcome(
        outcome or Outcome(status=Status.SKIPPED, reason=NOT_RUN),
        node=node,
        history=asked.history,
        check=asked.check,
        revision=asked.revision,
        seconds=seconds,
    )


def _item_name(asked: Asked, together: tuple[Asked, ...]) -> str:
    """The check, with its history where a file belongs to several."""
    shared = len({other.history for other in together}) > 1
    return f"{asked.check}[{asked.history}]" if shared else asked.check


def plain_entries(ids: Sequence[str], files: Mapping[Path, tuple[Asked, ...]], root: Path) -> list[dict[str, Any]]:
    """The entries, not run as yet, of those node ids that are items of ours, in the order of the graph."""
    known = {
        f"{_from_rootdir(path, root)}::{_item_name(asked, together)}": asked
        for path, together in files.items()
        for asked in together
    }
    # Under --dist=loadgroup, a node id ends with its group.
    ours = [(id_, known.get(id_) or known.get(id_.rpartition("@")[0])) for id_ in ids]
    found = sorted(((a.position, id_, a) for id_, a in ours if a is not None), key=lambda entry: entry[:2])
    return [_plain(asked, id_, None, 0.0) for _, id_, asked in found]


def _from_rootdir(path: Path, root: Path) -> str:
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _raise_for(outcome: Outcome) -> None:
    """Turn a verdict into what pytest understands."""
    if outcome.status is Status.SKIPPED:
        pytest.skip(outcome.reason or "no reason given")
    if outcome.status is Status.ERROR:
        raise MigcheckError(outcome.reason or "no reason given")
    if outcome.status is Status.FAILED:
        raise FindingsFailed(outcome)


def _by_settings(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome without the rules that were taken away, failed from the severity that was set."""
    if outcome.status is Status.ERROR or not outcome.findings:
        return outcome
    kept = tuple(_by_size(f, settings) for f in outcome.findings if not settings.ignored(f.id, f.rule))
    failing = {Severity.ERROR} | ({Severity.WARNING} if settings.fail_on == "warning" else set())
    failed = any(f.severity in failing and f.suppressed is None for f in kept)
    passed = Status.PASSED if outcome.reason is None else Status.SKIPPED
    return replace(outcome, findings=kept, status=Status.FAILED if failed else passed)


def _by_size(finding: Finding, settings: Settings) -> Finding:
    """An error about locks is a warning where the table is not one of the big ones."""
    if finding.check != "locks" or finding.severity is not Severity.ERROR:
        return finding
    tables = {finding.object, *(lock.table for lock in finding.locks if lock.mode.blocks_writes)}
    return finding if any(map(settings.is_big, tables)) else replace(finding, severity=Severity.WARNING)


def asked_by_file(
    session: Session, checks: tuple[str, ...], typed: Collection[Path] = ()
) -> dict[Path, tuple[Asked, ...]]:
    """The items of every file, files in the order of the graph; a file of which nothing is asked has none.

    Of a revision that is older than ``since`` nothing is asked, unless its file is among those that were typed.
    """
    found: dict[Path, list[Asked]] = {}
    for number, history in enumerate(session.histories()):
        last, scope = len(history.graph.order), session.scope(history.name)
        env = found.setdefault(history.env_path.resolve(), [])
        for place, check in enumerate(HISTORY_CHECKS):
            if check in checks:
                position = (number, -1 if check == "heads" else last + place)
                env.append(
                    Asked(
                        history=history.name, check=check, revision=None, title=history.name, line=1, position=position
                    )
                )
        for place, revision in enumerate(history.graph.revisions.values()):
            title = f"{revision.id} {revision.message}".strip()
            asked = found.setdefault(Path(revision.path).resolve(), [])
            if not scope.judges(revision.id) and Path(revision.path).resolve() not in typed:
                continue
            asked.extend(
                Asked(
                    history=history.name,
                    check=check,
                    revision=revision.id,
                    title=title,
                    line=revision.upgrade_line,
                    position=(number, place),
                )
                for check in REVISION_CHECKS
                if check in checks
            )
    return {path: tuple(asked) for path, asked in found.items()}
