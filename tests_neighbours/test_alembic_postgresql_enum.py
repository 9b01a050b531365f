"""alembic-postgresql-enum: types and labels of enums."""

from __future__ import annotations

import importlib.metadata

import pytest
from neighbour import Neighbour, fix

LIBRARY, PROJECT = "alembic_postgresql_enum", "alembic_postgresql_enum"


def test_what_agrees_is_green(neighbour: Neighbour) -> None:
    report = neighbour.run()
    assert report.outcomes == {"passed"}, report.printed
    assert report.findings("drift") == []
    # sync_enum_values makes the type anew, and so the table.
    assert ("change-type-rewrite", "public.tickets.state") in report.findings("locks")


@pytest.mark.parametrize("create_type", ["", ", create_type=False"])
def test_a_label_without_a_migration_is_missed_and_the_fix_adds_it(neighbour: Neighbour, create_type: str) -> None:
    neighbour.edit("models.py", "    waiting = 4", "    waiting = 4\n    lost = 5")
    neighbour.edit("models.py", 'name="state"', f'name="state"{create_type}')
    errors = neighbour.run("drift").errors
    assert set(errors) == {"public.state"}
    assert "lacks label lost" in errors["public.state"]["headline"]
    neighbour.revision(fix(errors["public.state"]))
    assert neighbour.run("drift").findings("drift") == []


def test_labels_that_a_downgrade_forgets_are_named(neighbour: Neighbour) -> None:
    neighbour.without_downgrade("c3*.py")
    neighbour.without_downgrade("b2*.py", 'op.drop_column("tickets", "priority")')
    errors = neighbour.run("stairway").errors
    assert {"public.state", "public.priority"} <= set(errors)
    neighbour.without_downgrade(
        "b2*.py", 'op.drop_column("tickets", "priority")\n' + fix(errors["public.priority"])
    )
    assert "public.priority" not in neighbour.run("stairway").errors


def test_a_rename_without_its_rows_fails_on_them(neighbour: Neighbour) -> None:
    """The library's README warns of it: a rename that is not said is a label gone."""
    neighbour.edit("migrations/versions/c3*.py", '[("closed", "done")]', "[]")
    found = neighbour.run("data").findings("data")
    assert ("upgrade-fails-on-rows", "c3") in found


def test_a_label_in_another_place_than_the_models_say_is_told(neighbour: Neighbour) -> None:
    if importlib.metadata.version("alembic-postgresql-enum") != "1.11.0":
        pytest.skip("1.11.0 says AFTER where it is told before_value")
    neighbour.edit("models.py", "    done = 3\n    waiting = 4", "    waiting = 4\n    done = 3")
    neighbour.edit(
        "migrations/versions/d4*.py", 'new_value="waiting"', 'new_value="waiting",\n        before_value="done"'
    )
    report = neighbour.run("drift")
    assert report.findings("drift") == [("drift", "public.state")]
    assert "order of labels" in report.json["findings"][0]["headline"]
