"""Annotations of GitHub: on the exact line, each finding once, with and without the plugin for tests."""

from __future__ import annotations

import re

import pytest

from history_project import Project
from pytest_migcheck.report.github import workflow_commands

INDEXES = 'op.create_index("ix_a", "t", ["a"])\nop.create_index("ix_b", "t", ["b"])'


@pytest.fixture
def indexed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that lies deeper in its repository."""
    (pytester.path / ".git").mkdir()
    project = Project(pytester.path / "service")
    project.write("pytest.ini", "[pytest]")
    monkeypatch.chdir(project.path)
    project.revision(
        "a1",
        'op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("a", sa.Text), sa.Column("b", sa.Text))',
        'op.drop_table("t")',
    )
    project.revision("b2", INDEXES, 'op.drop_index("ix_b", "t")\nop.drop_index("ix_a", "t")')
    return project


def annotated(run: pytest.RunResult) -> list[tuple[str, str, str]]:
    """(command, file:line, the index that is named) of every annotation."""
    found = []
    for line in [*run.outlines, *run.errlines]:
        if line.startswith("::"):
            command, properties, message = re.match(r"::(\w+) (.*?)::(.*)", line).groups()
            values = dict(pair.split("=") for pair in properties.split(","))
            name = re.search(r"ix_\w", message)
            found.append((command, f"{values['file']}:{values['line']}", name.group() if name else message))
    return sorted(found)


@pytest.mark.parametrize("other", ["with", "without"])
def test_every_finding_is_annotated_once_on_its_line(
    indexed: Project, pytester: pytest.Pytester, migcheck, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path))
    monkeypatch.delenv("PYTEST_RUN_PATH", raising=False)
    without = () if other == "with" else ("-p", "no:pytest_github_actions_annotate_failures")
    run = migcheck("--migcheck-checks=locks", *without)
    file = "service/migrations/versions/b2.py"
    assert annotated(run) == [("error", f"{file}:11", "ix_a"), ("error", f"{file}:12", "ix_b")]


def test_nothing_is_annotated_elsewhere(indexed: Project, migcheck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert annotated(migcheck("--migcheck-checks=locks")) == []


def test_what_means_something_in_a_command_is_written_otherwise() -> None:
    finding = {
        "id": "MC101",
        "rule": "x",
        "severity": "warning",
        "suppressed": None,
        "node": "n",
        "path": "a,b:c.py",
        "line": None,
        "headline": "100 %\nof it",
        "details": [],
    }
    report = {"root": ".", "findings": [finding, {**finding, "suppressed": {"by": "comment", "reason": ""}}]}
    assert list(workflow_commands(report)) == ["::warning file=a%2Cb%3Ac.py,title=MC101 x::100 %25%0Aof it"]
