"""Tiny histories made on the spot, and run as a user would run them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import pytest_migcheck.session  # noqa: F401
from forked_history import spawn_at
from forked_pytest import ForkedPytest
from history_project import Project

pytest_plugins = ["pytester"]

# pytester takes away what a test imported first, and asyncpg does not live through a second import:
# https://github.com/MagicStack/asyncpg/issues/1292
with contextlib.suppress(ImportError):
    import asyncpg  # noqa: F401

#: Under these pytest, Hypothesis and this plugin print other things, or more; a test that wants one sets it.
_OF_WHERE_IT_RUNS = (
    "BUILD_ID", "BUILD_NUMBER", "CI", "FORCE_COLOR", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "NO_COLOR", "PYTEST_ADDOPTS",
    "PY_COLORS", "TF_BUILD", "__TOX_ENVIRONMENT_CI",
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def anywhere():
    """What the tests run prints the same on a developer's machine and in CI."""
    with pytest.MonkeyPatch.context() as environment:
        for name in _OF_WHERE_IT_RUNS:
            environment.delenv(name, raising=False)
        yield


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester.path)


@pytest.fixture(scope="session")
def forked_pytest(anywhere) -> Iterator[ForkedPytest]:
    runner = ForkedPytest()
    yield runner
    runner.close()


@pytest.fixture
def run_pytest(pytester: pytest.Pytester, forked_pytest: ForkedPytest):
    """Run ``pytest`` in the test's directory, in a process of its own as a user would."""

    def run(*args: str) -> pytest.RunResult:
        return forked_pytest.run(Path.cwd(), ("-p", "no:cacheprovider", *args))

    return run


@pytest.fixture
def migcheck(run_pytest):
    """Run ``pytest --migcheck`` in the test's project.

    Rows are tried briefly, except where they are what is asked for.
    """

    def run(*args: str) -> pytest.RunResult:
        few = () if any("data" in arg for arg in args) else ("--migcheck-examples=2",)
        return run_pytest("--migcheck", *few, *args)

    return run


@pytest.fixture(scope="session")
def server():
    """One disposable server for the whole test session."""
    from pytest_migcheck.postgres.ladder import start_server

    started = start_server("auto")
    yield started
    started.stop()


@pytest.fixture
def run_example(tmp_path: Path, server, forked_pytest: ForkedPytest, monkeypatch: pytest.MonkeyPatch):
    """Judge the ``locks`` of a revision, after one that prepares; both given as bodies of ``upgrade()``.

    ``both`` keeps the findings on its downgrade, too; ``every`` judges all revisions but the first, and leaves what
    the last of them made in ``run_example.catalog``, and what did not run to its end in ``run_example.unfinished``;
    ``select`` are names of rules that are off by default, ``more`` are rules of the user's own.
    """
    from pytest_migcheck.checks.locks import Target, judge_locks
    from pytest_migcheck.core.finding import Direction
    from pytest_migcheck.history.process import launching
    from pytest_migcheck.history.process.process import HistoryProcess, Surroundings
    from pytest_migcheck.history.process.remote import AlembicHistory
    from pytest_migcheck.settings import Settings
    from pytest_migcheck.walk.cursor import Cursor

    monkeypatch.setattr(launching, "spawn", spawn_at(forked_pytest.histories.address))
    runs = 0

    def run(setup, upgrade, downgrade="pass", *, both=False, every=False, select=(), target_version=None, more=()):
        nonlocal runs
        runs += 1
        project = Project(tmp_path / str(runs))
        setups = (setup,) if isinstance(setup, str) else setup
        for number, body in enumerate(setups):
            project.revision(f"a{number}", body, downgrade if number else "pass")
        project.revision("b2", upgrade, downgrade)
        process = HistoryProcess(Surroundings(settings=Settings(root=project.path)))
        history = AlembicHistory(process.select(0), process)
        cursor = Cursor(history, server, lambda: None)
        target = Target(
            version_num=server.version_num, target_version=target_version, version_tables=history.version_tables()
        )
        findings = []
        run.unfinished = []
        try:
            for revision in (*(f"a{number}" for number in range(1, len(setups)) if every), "b2"):
                outcome = judge_locks(
                    cursor.stairway(revision),
                    history.graph.revisions[revision],
                    target,
                    selected=lambda _id, name: name in select,
                    more=more,
                )
                run.unfinished += [outcome.reason] if outcome.reason else []
                findings += [f for f in outcome.findings if both or f.direction is Direction.UPGRADE]
            run.catalog = cursor.catalog_at_end() if every else None
        finally:
            cursor.forget()
            history.close()
        return findings

    return run
