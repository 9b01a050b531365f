"""The patch with the exact fixes: it applies, and the findings are gone."""

from __future__ import annotations

import subprocess

from history_project import Project


def test_the_patch_applies_and_takes_the_findings_away(project: Project, migcheck):
    project.revision(
        "a1",
        'op.create_table("orders", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("email", sa.Text))\n'
        'op.create_index("ix_old", "orders", ["email"])',
        'op.drop_table("orders")',
    )
    path = project.revision(
        "b2",
        'op.create_index(\n    "ix_email",\n    "orders",\n    ["email"],\n)\nop.drop_index("ix_old", "orders")',
        'op.create_index("ix_old", "orders", ["email"])\nop.drop_index("ix_email", "orders")',
    )
    looped = project.revision(
        "c3",
        'for name in ("ix_a", "ix_b"):\n    op.create_index(name, "orders", ["id"])',
        'op.drop_index("ix_a", "orders")\nop.drop_index("ix_b", "orders")',
    )
    before = looped.read_text()
    result = migcheck("--migcheck-checks=locks")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["fixes: git apply .migcheck/fixes.patch"])
    subprocess.run(["git", "init", "-q"], cwd=project.path, check=True)
    status = subprocess.run(["git", "status", "--short"], cwd=project.path, check=True, capture_output=True, text=True)
    assert ".migcheck" not in status.stdout
    subprocess.run(["git", "apply", ".migcheck/fixes.patch"], cwd=project.path, check=True)
    # What the downgrade drops is only listed.
    assert path.read_text().count("postgresql_concurrently=True") == 3
    assert before.partition("def downgrade")[0] in looped.read_text()
    again = migcheck("--migcheck-checks=locks,stairway", str(path))
    again.assert_outcomes(passed=2)
    again.stdout.no_fnmatch_line("*git apply*")
    assert not (project.path / ".migcheck" / "fixes.patch").exists()
