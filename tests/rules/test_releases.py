"""Advice over several revisions, followed while the application goes on writing: no value is lost."""

from __future__ import annotations

import re
from typing import Any

from history_project import Project
from pytest_migcheck.rules._rule import NEXT_REVISION

TABLE = """
op.execute('''
    CREATE TABLE orders (id bigint PRIMARY KEY, n int DEFAULT 7, status text DEFAULT 'new' NOT NULL, note text);
    CREATE INDEX ix_status ON orders (status)
''')
"""
# What each release of the application writes after the revision of that number: the name of the column, and the rows.
STEPS = """
def test_it(migcheck_stepper):
    step = migcheck_stepper
    def run(*statements):
        with step.connect() as connection:
            for statement in statements:
                connection.execute(statement)
    step.before("r1")
    run("INSERT INTO orders (id, {old}) VALUES (1, {a}), (2, {a})", "INSERT INTO orders (id) VALUES (3)")
    step.upgrade()
    run("INSERT INTO orders (id, {old}) VALUES (4, {a})", "UPDATE orders SET {old} = {b} WHERE id = 1")
    run("UPDATE orders SET note = 'x' WHERE id = 2", {meanwhile})
    step.upgrade()
    step.upgrade()
    run("INSERT INTO orders (id) VALUES (7)")
    with step.connect() as connection:
        rows = connection.execute("SELECT {new} FROM orders ORDER BY id").fetchall()
    assert [row[0] for row in rows] == {expected}
"""


def _follow(name: str, upgrade: str, run_example: Any, project: Project) -> str:
    finding = next(f for f in run_example(TABLE, upgrade, every=True) if f.rule == name)
    project.revision("r0", TABLE)
    fix = dict(finding.details)["fix"]
    for number, body in enumerate(re.split(rf"(?m)^{NEXT_REVISION}.*\n", fix), 1):
        project.revision(f"r{number}", body)
    return fix


def test_a_type_that_changes(run_example: Any, project: Project, run_pytest: Any) -> None:
    upgrade = 'op.execute("ALTER TABLE orders ALTER n TYPE text USING n + 1 || \'!\'")'
    _follow("change-type-rewrite", upgrade, run_example, project)
    expected = ["3!", "2!", "8!", "2!", "7"]
    steps = STEPS.format(old="n", new="n", a=1, b=2, meanwhile="", expected=expected)
    project.write("test_it.py", steps)
    run_pytest().assert_outcomes(passed=1)


def test_a_name_that_changes(run_example: Any, project: Project, run_pytest: Any) -> None:
    upgrade = 'op.alter_column("orders", "status", new_column_name="state")'
    fix = _follow("rename-column", upgrade, run_example, project)
    assert f"{NEXT_REVISION}, when state has what status has: NOT NULL, index ix_status\n" in fix
    meanwhile = "\"INSERT INTO orders (id, state) VALUES (5, 'c')\", \"UPDATE orders SET state = 'd' WHERE id = 4\""
    expected = ["b", "a", "new", "d", "c", "new"]
    project.write("test_it.py", STEPS.format(old="status", new="state", a="'a'", b="'b'", meanwhile=meanwhile, expected=expected))
    run_pytest().assert_outcomes(passed=1)
