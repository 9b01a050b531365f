"""What a failed test shows of its database, and what is kept for whoever wants to look."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_migcheck.plugin.fixtures import FAILED, USED
from pytest_migcheck.plugin.shared import known_session

_STORIES = pytest.StashKey[list[str]]()
_SENT = "migcheck_stories"


def send_stories(config: pytest.Config) -> None:
    """Let the controller of pytest-xdist say how the templates came about."""
    session = known_session(config)
    if session is not None and hasattr(config, "workeroutput"):
        config.workeroutput[_SENT] = list(session.stories())


def take_stories(config: pytest.Config, workeroutput: dict[str, Any]) -> None:
    """Keep what a worker has sent at its end."""
    config.stash.setdefault(_STORIES, []).extend(workeroutput.get(_SENT, []))


def show_databases(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the commands that open the databases of a failed test to its report."""
    item.stash[FAILED] = True
    databases = item.stash.get(USED, [])
    if not databases or report.when == "teardown":
        return
    kept = item.config.getoption("migcheck_keep")
    hint = "kept: --migcheck-keep" if kept else "dropped after the test; --migcheck-keep keeps it"
    lines = [f"look  {database.server.look(database.name)}   ({hint})" for database in databases]
    report.sections.append(("migcheck", "\n".join(lines)))


def summarize(reporter: Any, config: pytest.Config) -> None:
    """Say which server the tests had, and with ``--migcheck-keep`` how to stop it."""
    session = known_session(config)
    if session is None or hasattr(config, "workerinput"):
        return
    from pytest_migcheck.postgres.servers import TESTS

    lines: list[str] = []
    if reporter.verbosity >= 0:
        server = session.servers.known(TESTS)
        lines += [server.describe()] if server is not None and not config.getoption("migcheck") else []
        lines += dict.fromkeys((*session.stories(), *config.stash.get(_STORIES, [])))
    failed = reporter.stats.get("failed") or reporter.stats.get("error")
    if config.getoption("migcheck_keep") and failed:
        for server in session.servers.running():
            command = server.keep()
            lines.append(f"kept: PostgreSQL {server.version}; to stop it: {command}" if command else "")
    for line in filter(None, lines):
        reporter.write_line(f"migcheck: {line}")
