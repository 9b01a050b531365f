"""The pytest plugin; unless its items or fixtures are used, it imports pytest and the standard library only."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from pytest_migcheck.plugin import hookspecs
from pytest_migcheck.plugin.options import add_options

_MARKERS = (
    "migcheck(check, revision): set on every item of pytest-migcheck, and on tests that use its fixtures; "
    "-m \"migcheck(check='locks')\" runs one kind of item.",
    "migcheck_at(revision, history=None): the database of this test's migcheck fixtures stands at that revision.",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    from pytest_migcheck.plugin import fixtures

    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(fixtures, "migcheck-fixtures")
    if config.getoption("migcheck"):
        from pytest_migcheck.core.outcome import MigcheckError
        from pytest_migcheck.plugin.libpq import importing_libpq

        try:
            with _no_garbage(), importing_libpq():
                from pytest_migcheck.plugin.running import Running

                config.pluginmanager.register(Running(config), "migcheck-running")
        except MigcheckError as error:
            raise pytest.UsageError(f"migcheck: {error}") from error


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Import what stays to the end, and never look for garbage in it: an eighth of a run of 200 revisions.

    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Print the rules, or clear the cache, and end, as ``--markers`` does."""
    explain, rules = config.getoption("migcheck_explain"), config.getoption("migcheck_rules")
    if config.getoption("migcheck_clear_cache"):
        from pytest_migcheck.plugin.explaining import clear_and_print

        clear_and_print()
        return 0
    if not explain and not rules:
        return None
    from pytest_migcheck.plugin.explaining import print_rules

    print_rules(config, explain)
    return 0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let a worker of pytest-xdist use the servers of its controller."""
    from pytest_migcheck.plugin.shared import share_servers

    share_servers(node.config, node.workerinput)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that use our fixtures."""
    ours = [item for item in items if any(n.startswith("migcheck_") for n in getattr(item, "fixturenames", ()))]
    for item in ours:
        item.add_marker(pytest.mark.migcheck)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell in the report of a failed test how to look into its database."""
    report = yield
    if report.failed:
        from pytest_migcheck.plugin.failed_tests import show_databases

        show_databases(item, report)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    from pytest_migcheck.plugin.failed_tests import take_stories

    take_stories(node.config, getattr(node, "workeroutput", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    from pytest_migcheck.plugin.failed_tests import send_stories

    send_stories(session.config)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    from pytest_migcheck.plugin.failed_tests import summarize

    summarize(terminalreporter, config)


def pytest_unconfigure(config: pytest.Config) -> None:
    from pytest_migcheck.plugin.shared import close_session

    close_session(config)
