"""What others write, in every report: control characters, halves of pairs, commands to GitHub, text without end."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from history_project import Project
from pytest_migcheck.report.github import for_a_log

# In the words of PostgreSQL, which has no halves of pairs; the headline shows the first line.
SERVER = r"E'\x1b[31mred ##[error]a\n   ::error file=x::b\n##[error]c\u202e\u009b'"
REPORTS = ("json", "sarif", "html", "github")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
#: What GitHub's runner takes for a command, but for our own annotations.
COMMAND = re.compile(r"(?m)^\s*::(?!error file=migrations)|##\[")


@pytest.fixture
def reported(project: Project, migcheck, monkeypatch: pytest.MonkeyPatch):
    """Run with every report, as GitHub's runner would."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    project.write("pytest.ini", "[pytest]\njunit_family = xunit2\n")

    def run() -> pytest.RunResult:
        reports = [f"--migcheck-report={kind}" for kind in REPORTS]
        without = ("-p", "no:pytest_github_actions_annotate_failures", "-p", "no:asyncio")
        return migcheck("--migcheck-checks=stairway", "--junitxml=junit.xml", *without, *reports)

    return run


def files_of(folder: Path) -> dict[str, str]:
    files = [folder / ".migcheck" / f"report.{kind}" for kind in ("json", "sarif", "html")]
    return {path.suffix: path.read_text(encoding="utf-8") for path in (*files, folder / "junit.xml")}


def failure_of(result: pytest.RunResult) -> str:
    """What is printed of the one item that failed."""
    return re.search(r"(?ms)^_+ .*? _+\n(.*?)^[-=]+ (?:generated|migcheck)", result.stdout.str())[1].rstrip()


def test_a_message_of_the_server_in_every_report(project: Project, reported) -> None:
    project.revision("a1", f"""op.execute(r'''DO $do$ BEGIN RAISE EXCEPTION '%', {SERVER}; END $do$''')""")
    result = reported()
    assert failure_of(result) == r"""
MC002 upgrade-fails: upgrading a1 fails: \x1b[31mred ##\[error]a
  migrations/versions/a1.py:11
  11 |     op.execute(r'''DO $do$ BEGIN RAISE EXCEPTION '%', E'\x1b[31mred ##\[error]a\n   ::error file=x::b\n##\[error]c\u202e\u009b'; END $do$''')
  sql     DO $do$ BEGIN RAISE EXCEPTION '%%', E'\x1b[31mred ##\[error]a\n   ::error file=x::b\n##\[error]c\u202e\u009b'; END $do$
  error   RaiseException: \x1b[31mred ##\[error]a
             \::error file=x::b
          ##\[error]c\u202e\x9b
          CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE
  steps   up ✗
  again   pytest --migcheck 'migrations/versions/a1.py::stairway'
""".strip()
    annotations = [line for line in result.outlines if line.startswith("::")]
    assert annotations == [
        "::error file=migrations/versions/a1.py,line=11,title=MC002 upgrade-fails::"
        r"upgrading a1 fails: \x1b[31mred ##[error]a"
    ]
    assert not COMMAND.search(result.stdout.str().replace(annotations[0], ""))
    files = files_of(project.path)
    assert not any(map(FORBIDDEN.search, (result.stdout.str().replace("\r", ""), *files.values())))
    assert dict(json.loads(files[".json"])["findings"][0]["details"])["error"] == (
        "RaiseException: \\x1b[31mred ##[error]a\n   ::error file=x::b\n##[error]c\\u202e\\x9b\n"
        "CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE"
    )
    assert r"upgrading a1 fails: \x1b[31mred" in json.loads(files[".sarif"])["runs"][0]["results"][0]["message"]["text"]
    assert r"upgrading a1 fails: \x1b[31mred" in files[".html"]
    assert next(ET.fromstring(files[".xml"]).iter("failure")).text.startswith(failure_of(result)[:60])


def test_halves_of_pairs_and_a_text_without_end_in_every_report(project: Project, reported) -> None:
    project.revision("a1", "raise ValueError('half \\udc80\\n' + 200_000 * 'x' + 'the end')", message="red \\x1b[31m")
    result = reported()
    cut = re.compile(r"x \[\.\.\. \d+ characters cut \.\.\.\] x+the end")
    assert "MC002 upgrade-fails: upgrading a1 fails: half \\udc80\n" in failure_of(result)
    assert cut.search(failure_of(result))
    assert len(result.stdout.str()) < 40_000
    files = files_of(project.path)
    assert all(len(text) < 200_000 for text in files.values())
    assert cut.search(dict(json.loads(files[".json"])["findings"][0]["details"])["error"])
    assert cut.search(json.loads(files[".sarif"])["runs"][0]["results"][0]["message"]["text"])
    assert cut.search(files[".html"])
    assert cut.search(files[".xml"])
    assert json.loads(files[".json"])["histories"][0]["graph"][0]["message"] == "red \\x1b[31m"


def test_casts_of_sql_are_left_alone_where_github_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "SELECT a\n  ::text"
    assert for_a_log(text) == text
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert for_a_log(text) == "SELECT a\n  \\::text"
