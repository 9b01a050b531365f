"""An exception of a user's hook: one error that names the hook's line."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from history_project import Project
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.alembic.failures import hook_error


def raised_by(file: Path, source: str) -> Exception:
    file.write_text(source, encoding="utf-8")
    hook = runpy.run_path(str(file))["hook"]
    with pytest.raises(ValueError, match="no such stage") as raised:
        hook()
    # pytest calls a hook without a frame of the user's.
    return raised.value.with_traceback(raised.value.__traceback__.tb_next)


def test_the_line_of_the_hook_is_named(tmp_path: Path) -> None:
    file = tmp_path / "conftest.py"
    error = raised_by(file, 'def hook():\n    raise ValueError("no such stage")\n')
    assert str(hook_error("pytest_migcheck_alembic_config", "the configurations", error)) == (
        f"pytest_migcheck_alembic_config: the hook raises at {file}:2, so the configurations are not known\n"
        f'  File "{file}", line 2, in hook\n'
        '    raise ValueError("no such stage")\n'
        "ValueError: no such stage\n"
        "what to do: correct the hook; pytest_migcheck_alembic_config returns None where it has nothing to say"
    )


def test_an_error_of_ours_is_complete_already() -> None:
    error = MigcheckError("complete")
    assert hook_error("pytest_migcheck_alembic_config", "the configurations", error) is error


def test_loading_the_hooks_prints_nothing(project: Project, migcheck) -> None:
    project.write("conftest.py", "def pytest_migcheck_prepare():\n    return None\n")
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    result = migcheck("--migcheck-checks=stairway")
    result.assert_outcomes(passed=1)
    text = result.stdout.str() + result.stderr.str()
    assert "Namespace" not in text and text.count("is unset.") <= 1
