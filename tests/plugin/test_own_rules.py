"""Rules of the user's own, and the rules that are off until selected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from history_project import Project

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own_rules.md"
TABLE = 'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True))'


def code_of_the_page() -> str:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_rule_of_the_page_works_in_twenty_lines(project: Project, migcheck):
    assert len(code_of_the_page().strip().splitlines()) <= 20
    project.write("conftest.py", code_of_the_page())
    project.revision("a1", TABLE, 'op.drop_table("orders")')
    result = migcheck("--migcheck-checks=locks")
    result.stdout.fnmatch_lines(
        ["ACME1 created-at: orders does not say when a row was made", "*ignore*# migcheck: ignore[[]ACME1[]]*"]
    )
    result.assert_outcomes(failed=1)
    migcheck("--migcheck-checks=locks", "--migcheck-ignore=ACME1").assert_outcomes(passed=1)
    migcheck("--migcheck-rules").stdout.fnmatch_lines(["ACME1 created-at *"])
    migcheck("--migcheck-explain=created-at").stdout.fnmatch_lines(["ACME1 created-at *"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('own_id="ACME1"', 'own_id="MC101"'), "*own_id 'MC101' is not valid or taken*"),
        (('name="created-at"', 'name="drop-table"'), "*the name 'drop-table' is not valid or taken*"),
        (("return [Rule(", "return [dict("), "*is not a pytest_migcheck.rules.own.Rule*"),
    ],
)
def test_what_is_no_rule_is_refused(project: Project, migcheck, change: tuple[str, str], message: str):
    project.write("conftest.py", code_of_the_page().replace(*change))
    project.revision("a1", TABLE)
    result = migcheck()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.parametrize("selected", ["prefer-text", "MC237", "MC23"])
def test_a_rule_that_is_off_speaks_when_it_is_selected(project: Project, migcheck, selected: str):
    project.revision("a1", 'op.create_table("orders", sa.Column("a", sa.String(80)))', 'op.drop_table("orders")')
    quiet = migcheck("--migcheck-checks=locks", "-v")
    quiet.stdout.no_fnmatch_line("*prefer-text*")
    result = migcheck("--migcheck-checks=locks", f"--migcheck-select={selected}", "--migcheck-fail-on=warning")
    result.stdout.fnmatch_lines(["MC237 prefer-text: orders.a is VARCHAR(80); *"])


def test_the_missing_lock_timeout_is_one_hint_for_a_history(project: Project, migcheck):
    project.revision("a1", TABLE, 'op.drop_table("orders")')
    for number in range(3):
        project.revision(
            f"b{number}", f'op.add_column("orders", sa.Column("c{number}", sa.Text))', f'op.drop_column("orders", "c{number}")'
        )
    result = migcheck("--migcheck-checks=locks")
    result.assert_outcomes(passed=4)
    assert str(result.stdout).count("while lock_timeout is 0") == 1
