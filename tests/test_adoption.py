"""docs/how-to/adopt.md, followed to the letter on a project with a past.

MIGCHECK_ADOPTED=200 follows it on a history of 200 revisions.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from pathlib import Path

from history_project import Project

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "how-to" / "adopt.md").read_text(encoding="utf-8")
REVISIONS = int(os.environ.get("MIGCHECK_ADOPTED", "44"))


def a_project_with_a_past(project: Project, revisions: int) -> None:
    """Every second revision builds an index without CONCURRENTLY; three tables were never declared."""
    models = []
    for number in range(revisions):
        table = f"t{number // 2}"
        if number % 2:
            project.revision(
                f"r{number:03}", f'op.create_index("ix_{table}", "{table}", ["x"])', f'op.drop_index("ix_{table}")',
                message=f"look up {table}",
            )  # fmt: skip
            continue
        columns = 'sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("x", sa.Text)'
        project.revision(
            f"r{number:03}", f'op.create_table("{table}", {columns})', f'op.drop_table("{table}")', message=f"add {table}"
        )
        if number >= 6:
            models.append(f'sa.Index("ix_{table}", sa.Table("{table}", metadata, {columns}).c.x)')
    project.env(models="\n".join(models))


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_is_true(project: Project, pytester) -> None:
    a_project_with_a_past(project, REVISIONS)
    commands = [line.removeprefix("$ ") for block in _blocks("console") for line in block.splitlines()]
    install, look, write, again = commands
    assert install == 'pip install "pytest-migcheck[embedded]"'
    took: list[tuple[str, float]] = []

    def run(command: str):
        started = time.perf_counter()
        words = shlex.split(command)
        assert words[0] == "pytest"
        result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *words[1:])
        took.append((command, round(time.perf_counter() - started, 1)))
        return result

    # 1. Look: many findings, and the setting with the project's own head.
    found = run(look)
    head = f"r{REVISIONS - 1:03}"
    line = f'existing project? migcheck_since = "{head}" checks only newer revisions'
    assert found.ret == 1 and line not in PAGE
    assert "migcheck: alembic.ini" in found.stdout.str()
    errors = int(re.search(r"(\d+) errors", found.stdout.str())[1])
    assert errors >= REVISIONS // 2 + 3
    assert line in found.stdout.str()

    # 2. and 3. The line is drawn; what is left is the drift, which is taken for known.
    since, both = _blocks("ini")
    project.write("pytest.ini", since.replace("7c1e5a2b9d04", head))
    left = run(look)
    left.assert_outcomes(failed=1, passed=2, skipped=1)
    project.write("pytest.ini", both.replace("7c1e5a2b9d04", head))
    assert run(write).ret == 0
    known = (project.path / "migcheck-baseline.json").read_text()
    assert known.count('"rule": "MC301"') == 3 and known.count('"rule"') == 3
    assert run(again).ret == 0

    # 5. A new revision is judged, and silenced as the page shows it.
    (code,) = _blocks("python")
    body = "\n".join(line[4:] for line in code.splitlines()[1:])
    assert "migcheck: ignore[MC101]" in body
    plans = 'op.create_table("plans", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("name", sa.Text))'
    project.revision("s1", plans, 'op.drop_table("plans")', message="add plans")
    project.revision("s2", body.split("\n", 1)[1], 'op.drop_index("ix_plans_name")', message="look up plans")
    judged = run("pytest --migcheck migrations --migcheck-checks=locks,stairway")
    judged.assert_outcomes(failed=1, passed=3)
    judged.stdout.fnmatch_lines(["MC101 *: building ix_plans_name blocks writes to plans"])
    project.revision("s2", body, 'op.drop_index("ix_plans_name")', message="look up plans", parents="s1")
    assert run("pytest --migcheck migrations --migcheck-checks=locks,stairway").ret == 0
    print(f"{errors} errors;", *(f"{command}: {seconds} s" for command, seconds in took), sep="\n")
