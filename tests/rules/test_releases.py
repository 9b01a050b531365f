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


def test_what_stands_on_a_column_and_what_fills_it_is_told(run_example: Any) -> None:
    setup = TABLE + """
op.execute('''
    ALTER TABLE orders ADD length int GENERATED ALWAYS AS (length(note)) STORED;
    CREATE VIEW notes AS SELECT note FROM orders;
    ALTER TABLE orders ALTER note SET NOT NULL
''')
"""
    sql = "ALTER TABLE orders ALTER n DROP DEFAULT, ALTER n TYPE varchar(9), ALTER n SET DEFAULT 'x'"
    upgrade = f'op.execute("{sql}")\nop.alter_column("orders", "note", new_column_name="memo")'
    fixes = {finding.rule: dict(finding.details)["fix"] for finding in run_example(setup, upgrade)}
    fix = fixes["change-type-rewrite"]
    assert fix.startswith("# first, code that writes only what fits varchar(9)\n")
    assert "op.execute(\"ALTER TABLE orders ALTER n_new SET DEFAULT 'x'\")" in fix
    needed = "when memo has what note has: NOT NULL, column length, view notes\n"
    assert needed in fixes["rename-column"]


def test_rows_come_without_the_old_column_after_the_swap(run_example: Any, project: Project, run_pytest: Any) -> None:
    upgrade = 'op.alter_column("orders", "status", type_=sa.String(9))'
    setup = TABLE + 'op.alter_column("orders", "status", server_default=None)'
    finding = next(f for f in run_example(setup, upgrade, every=True) if f.rule == "change-type-rewrite")
    project.revision("r0", setup)
    for number, body in enumerate(re.split(rf"(?m)^{NEXT_REVISION}.*\n", dict(finding.details)["fix"]), 1):
        project.revision(f"r{number}", body)
    test = """
        def test_it(migcheck_stepper):
            migcheck_stepper.at("r3")
            with migcheck_stepper.connect() as connection:
                connection.execute("INSERT INTO orders (id, status) VALUES (1, 'a')")
    """
    project.write("test_it.py", test)
    run_pytest().assert_outcomes(passed=1)
