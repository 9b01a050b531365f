"""Python that leaves out assertions (``-O``) and docstrings (``-OO``): the same verdicts."""

from __future__ import annotations

import pytest

from history_project import Project

FOUND = [
    "  MC001 downgrade-incomplete                   1   b2:14",
    "  MC004 upgrade-not-repeatable                 1   b2:11",
    "  MC101 create-index-not-concurrent            1   b2:11",
    "  MC233 prefer-bigint-key                      1   a1:11",
    "  MC301 drift                                  1   public.account.ix_account",
]


@pytest.mark.parametrize("level", ["1", "2"])
def test_the_verdicts_are_the_same(
    project: Project, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", level)
    project.env(models='sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True))')
    table = 'op.create_table("account", sa.Column("id", sa.Integer, primary_key=True))'
    project.revision("a1", table, 'op.drop_table("account")', message="create accounts")
    project.revision("b2", 'op.create_index("ix_account", "account", ["id"])', message="index accounts")
    result = pytester.runpytest_subprocess("--migcheck", "--migcheck-examples=2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=7, failed=3, warnings=1)
    assert [line for line in result.stdout.lines if line.startswith("  MC")] == FOUND
