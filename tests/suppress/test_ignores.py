"""Ignores as users write them: what they silence, and what is told of those that silence nothing."""

from __future__ import annotations

import json

TABLE = 'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.Text))'
UNDO = 'op.drop_table("orders")'


def _index(name: str) -> str:
    return f'op.create_index("{name}", "orders", ["email"])'


def _drop(*names: str) -> str:
    return "\n".join(f'op.drop_index("{name}", "orders")' for name in names)


def _findings(project):
    return json.loads((project.path / ".migcheck/report.json").read_text())["findings"]


def test_every_kind_of_ignore_silences_its_finding_and_no_other(project, migcheck):
    project.write(
        "pytest.ini", "[pytest]\nmigcheck_revision_ignores =\n    f6: MC101 -- written before the linter\n"
    )
    project.revision("a1", TABLE, UNDO)
    project.revision(
        "b2",
        "# migcheck: ignore[create-index-not-concurrent] the table is small\n" + _index("ix_b"),
        _drop("ix_b"),
    )
    project.revision("c3", _index("ix_c").replace(", [", ",  # migcheck: ignore[MC1] inside\n    ["), _drop("ix_c"))
    project.revision("d4", _index("ix_d1") + "\n" + _index("ix_d2"), _drop("ix_d1", "ix_d2"),
                     extra="# migcheck: ignore-file[MC101] a one-off")  # fmt: skip
    project.sql(
        "e5",
        "-- migcheck: ignore[MC101] in SQL\nCREATE INDEX ix_e1 ON orders (email);\nCREATE INDEX ix_e2 ON orders (email)",
        "DROP INDEX ix_e1, ix_e2",
    )
    project.revision("f6", _index("ix_f"), _drop("ix_f"))
    project.revision("g7", 'op.execute("CREATE TYPE mood AS ENUM (\'ok\')")',
                     "# migcheck: ignore[MC001] kept for the archive\npass")  # fmt: skip
    project.revision("h8", "# '''\n" + _index("ix_h") + "\nx = '# migcheck: ignore[MC101] a string'", _drop("ix_h"))
    result = migcheck("--migcheck-checks=locks,stairway", "--migcheck-report=json", "-v")
    wanted = {("MC101", "upgrade"), ("MC001", "downgrade")}
    creating = [f for f in _findings(project) if (f["id"], f["direction"]) in wanted]
    assert [(f["revision"], f["suppressed"] and tuple(f["suppressed"].values())) for f in creating] == [
        ("b2", ("comment", "the table is small")),
        ("c3", ("comment", "inside")),
        ("d4", ("comment", "a one-off")),
        ("d4", ("comment", "a one-off")),
        ("e5", ("comment", "in SQL")),
        ("e5", None),
        ("f6", ("config", "written before the linter")),
        ("g7", ("comment", "kept for the archive")),
        ("h8", None),
    ]
    result.stdout.fnmatch_lines(
        [
            "*g7.py::stairway FAILED*",  # the type that stays makes the second upgrade fail
            "  ignore  # migcheck: ignore[[]MC101[]] <reason>",
            "*, 7 ignored*",
        ]
    )
    assert not [f for f in _findings(project) if f["id"].startswith("MC9")]


def test_what_silences_nothing_or_means_nothing_is_told(project, migcheck):
    project.write("pytest.ini", "[pytest]\nmigcheck_require_reason = true\nmigcheck_ignore = MC102\n")
    project.revision("a1", TABLE, UNDO)
    project.revision(
        "b2",
        "# migcheck: ignore[MC101, MC103, MC102, naming, MC001] nothing here\n"
        'op.add_column("orders", sa.Column("x", sa.Text))  # migcheck: ignore[create-index] mistyped\n'
        'op.add_column("orders", sa.Column("y", sa.Text))  # migcheck: ignore\n'
        'op.add_column("orders", sa.Column("z", sa.Text))  # migcheck: ignore[MC104]\n'
        'op.execute("SELECT 1 -- migcheck: ignore[MC211] not even in SQL")',
        'op.drop_column("orders", "x")\nop.drop_column("orders", "y")\nop.drop_column("orders", "z")',
    )
    result = migcheck("--migcheck-checks=locks", "--migcheck-report=json")
    result.assert_outcomes(passed=1, failed=1)
    told = [(f["id"], f["line"], f["object"]) for f in _findings(project) if f["id"].startswith("MC9")]
    # MC102 is taken away, naming is off, MC001 is the stairway's, which does not run.
    assert told == [
        ("MC903", 13, "b2"),
        ("MC903", 14, "b2"),
        ("MC902", 12, "create-index"),
        ("MC901", 11, "MC101"),
        ("MC901", 11, "MC103"),
        ("MC901", 15, "MC211"),
    ]
    result.stdout.fnmatch_lines(
        [
            "MC903 malformed-ignore: a comment to migcheck counts for nothing: it names no rule*",
            "MC903 malformed-ignore: *it gives no reason, and migcheck_require_reason asks for one",
            "MC902 unknown-ignore: ignore[[]create-index[]] names no rule",
            "  fix     did you mean MC101 (create-index-not-concurrent)?",
            "MC901 unused-ignore: ignore[[]MC103[]] silences nothing in b2",
        ]
    )


def test_a_revision_declared_irreversible_is_skipped_and_the_round_trip_stops_there(project, migcheck):
    project.revision("a1", TABLE, UNDO)
    project.revision("b2", 'op.execute("UPDATE orders SET email = lower(email)")', "pass",
                     extra="# migcheck: irreversible the old spelling is lost")  # fmt: skip
    project.revision("c3", 'op.add_column("orders", sa.Column("x", sa.Text))', 'op.drop_column("orders", "x")')
    result = migcheck("--migcheck-checks=stairway,roundtrip", "-rs")
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(
        ["*note: down to c3 only: b2 is irreversible*", "*irreversible: the old spelling is lost*"]
    )


def test_a_wrong_line_of_the_configuration_is_a_usage_error(project, migcheck):
    project.sql("a1", "SELECT 1")
    for line, message in (
        ("a1: MC11 MC204", "migcheck_revision_ignores: a1: 'MC99' is not a rule"),
        ("a1", "migcheck_revision_ignores: 'a1' is not valid. Valid: REVISION: MC101 MC204 -- reason"),
        ("a2: MC101", "migcheck_revision_ignores: 'a2' is not a revision. Did you mean 'a1'?"),
    ):
        project.write("pytest.ini", f"[pytest]\nmigcheck_revision_ignores =\n    {line.replace('MC11', 'MC99')}\n")
        assert message in migcheck("--collect-only").stderr.str()
