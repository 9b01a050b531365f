"""The plugin of a run with ``--migcheck``: collection, the session, the end of the run."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.guard.kernel import available
from pytest_migcheck.plugin.collect import REPORT_KEY, MigcheckFile, MigcheckItem, asked_by_file, plain_entries
from pytest_migcheck.plugin.progress import telling
from pytest_migcheck.plugin.report_files import ReportFiles
from pytest_migcheck.plugin.shared import session_of
from pytest_migcheck.plugin.summary import Summary
from pytest_migcheck.plugin.telling import describe
from pytest_migcheck.report.github import for_a_log


class Running:
    """Registered only when ``--migcheck`` is on."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        try:
            self._session = session_of(config)
        except MigcheckError as error:
            raise pytest.UsageError(for_a_log(str(error))) from error
        self._files: dict[Path, tuple[Any, ...]] = {}
        self._reached: set[Path] = set()
        self._settings = self._session.settings
        self._is_worker = hasattr(config, "workerinput")
        self._typed = self._typed_paths()
        self._summary = Summary(self._settings, ReportFiles(config), config.get_verbosity("migcheck"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Add the files of the histories to what is collected."""
        self._files = self._asked()
        if self._adds_files():
            # pytest 8 loses the tests of a folder when a file below it is named as well.
            folders = [folder for arg in self._config.args if (folder := self._typed_path(arg)).is_dir()]
            self._config.args.extend(
                str(path)
                for path, asked in self._files.items()
                if asked and not any(path.is_relative_to(folder) for folder in folders)
            )

    def _asked(self) -> dict[Path, tuple[Any, ...]]:
        try:
            return asked_by_file(self._session, self._settings.checks, self._typed)
        except MigcheckError as error:
            raise pytest.UsageError(for_a_log(f"migcheck: {error}")) from error

    def _typed_paths(self) -> frozenset[Path]:
        """The paths that were typed; a worker of pytest-xdist is told."""
        if self._is_worker:
            return frozenset(map(Path, self._config.workerinput["migcheck_typed"]))  # type: ignore[attr-defined]
        given = self._config.args if self._config.args_source is pytest.Config.ArgsSource.ARGS else []
        return frozenset(map(self._typed_path, given))

    def _typed_path(self, typed: str) -> Path:
        return (self._config.invocation_params.dir / typed.partition("::")[0]).resolve()

    def _adds_files(self) -> bool:
        """Typed ``--migcheck`` adds them, unless a typed path lies among them; in addopts, only without paths."""
        if self._is_worker:
            return bool(self._config.workerinput.get("migcheck_adds_files"))  # type: ignore[attr-defined]
        typed_paths = self._config.args if self._config.args_source is pytest.Config.ArgsSource.ARGS else []
        if not typed_paths:
            return True
        typed_option = "--migcheck" in self._config.invocation_params.args
        return typed_option and not any(self._lies_inside(path) for path in typed_paths)

    def _lies_inside(self, typed: str) -> bool:
        path = self._typed_path(typed)
        folders = {file.parent for file in self._files}
        return path in self._files or path in folders or any(h.root == path for h in self._session.histories())

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist what the controller decided; the worker cannot see what was typed."""
        if not self._files:
            self._files = self._asked()
        node.workerinput["migcheck_typed"] = [str(path) for path in self._typed]
        node.workerinput["migcheck_adds_files"] = self._adds_files()

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Replace every other collector of a file of ours: pytest would import it as a test module."""
        others = yield
        asked = self._files.get(file_path.resolve())
        if file_path.name == "__init__.py" and self._is_ours(file_path.parent.resolve()):
            return []
        if asked is None:
            return others
        self._reached.add(file_path.resolve())
        if not asked:
            return []
        return [MigcheckFile.of(parent, file_path, asked, self._session, self._settings)]

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_directory(self, path: Path) -> Generator[None, Any, Any]:
        """Keep a migrations folder a plain folder: as a package its ``__init__.py`` would be imported."""
        collector = yield
        ours = self._is_ours(path.resolve())
        if ours and isinstance(collector, pytest.Package) and collector.parent is not None:
            return pytest.Dir.from_parent(collector.parent, path=path)
        return collector

    def _is_ours(self, folder: Path) -> bool:
        """Whether a folder is a script directory, lies in one, or holds revision files."""
        roots = [history.root.resolve() for history in self._session.histories()] if self._files else []
        return any(folder.is_relative_to(root) for root in roots) or any(file.parent == folder for file in self._files)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put our items in the order of the graph; everything else stays where it is."""
        if self._adds_files() and self._files and not self._reached and not self._is_worker:
            raise pytest.UsageError(
                f"migcheck: pytest does not look into {next(iter(self._files)).parent}, so no check was collected\n"
                "what to do: take the folder out of norecursedirs or --ignore, or name it: pytest --migcheck PATH"
            )
        places = [n for n, item in enumerate(items) if isinstance(item, MigcheckItem)]
        ours = [item for item in items if isinstance(item, MigcheckItem)]
        ours.sort(key=lambda item: item.asked.position)
        for place, item in zip(places, ours, strict=True):
            items[place] = item

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what will run: what does not, because the run is cut short, is reported as such."""
        self._summary.collected = [item.plain() for item in session.items if isinstance(item, MigcheckItem)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Remember what the workers will run; the controller collects nothing itself."""
        if not self._summary.collected:
            self._summary.collected = plain_entries(ids, self._files, self._config.rootpath)

    def pytest_report_collectionfinish(self) -> list[str]:
        lines = [f"migcheck: {describe(h, self._session.scope(h.name))}" for h in self._session.histories()]
        missing = available()
        guarded = [f"migcheck: connections are guarded by the drivers only: {missing}"] if missing else []
        return lines + guarded

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """End our paused run before a test that is not ours: it holds a connection and a process."""
        if not isinstance(item, MigcheckItem):
            self._session.pause()
            return (yield)
        with telling(self._config, item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, MigcheckItem) and call.when == "call":
            server = self._session.server
            if report.skipped and isinstance(report.longrepr, tuple):
                # pytest would name the line of ours that skips.
                report.longrepr = (str(item.path), item.asked.line, report.longrepr[2])
            plain = item.plain()
            plain["server"] = server and {"kind": server.kind, "version": server.version}
            plain["server_line"] = self._session.server_line()
            setattr(report, REPORT_KEY, plain)
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        plain = getattr(report, REPORT_KEY, None)
        if plain is None or report.when != "call" or not report.passed:
            return None
        warnings = sum(f["severity"] == "warning" and not f["suppressed"] for f in plain["findings"])
        if not warnings:
            return None
        return "passed", ".", f"PASSED ({warnings} warning{'s' if warnings > 1 else ''})"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        plain = getattr(report, REPORT_KEY, None)
        if plain is not None and report.when == "call":
            self._summary.add(plain)

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        self._summary.write(terminalreporter, self._session)
        self._summary.annotate(terminalreporter, self._session)

    def pytest_keyboard_interrupt(self) -> None:
        self._summary.stopped = "interrupted (Ctrl-C)"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.shouldfail or session.shouldstop:
            self._summary.stopped = str(session.shouldfail or session.shouldstop)
        if not self._is_worker:
            self._summary.write_baseline(self._session)
            self._summary.write_files(self._session)
