"""The example's README says what its edits really print."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

import pytest

TOOL = Path(__file__).parent.parent / "tools" / "example_outputs.py"


@pytest.fixture(scope="module")
def outputs():
    spec = importlib.util.spec_from_file_location("example_outputs", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["clean", "edit-1", "edit-2", "edit-3", "edit-4", "edit-5"])
def test_the_readme_shows_what_is_printed(outputs, name: str) -> None:
    if int(version("pytest").split(".")[0]) < 9:
        pytest.skip("the README shows the output of pytest 9, whose summary lines are cut elsewhere")
    printed = outputs.printed(name)
    assert f"<!-- output: {name} -->\n```text\n{printed}\n```" in outputs.README.read_text(encoding="utf-8")


@pytest.mark.parametrize("example", ["prisma", "drizzle", "sql"])
@pytest.mark.parametrize("name", ["clean", "edit-1", "edit-2", "edit-3", "edit-4", "edit-5"])
def test_the_readme_of_a_folder_of_sql_shows_what_is_printed(outputs, example: str, name: str) -> None:
    if int(version("pytest").split(".")[0]) < 9:
        pytest.skip("the README shows the output of pytest 9, whose summary lines are cut elsewhere")
    place = next(place for place in outputs.SQL_EXAMPLES if place.name == example)
    readme = (place / "README.md").read_text(encoding="utf-8")
    assert f"<!-- output: {name} -->\n```text\n{outputs.printed(name, place)}\n```" in readme
    if name != "clean":
        assert f"<!-- patch: {name} -->\n{outputs.shown_patch(name, place)}\n" in readme
