"""sqlalchemy-declarative-extensions: schemas, roles, grants, views, functions and triggers on the metadata."""

from __future__ import annotations

from neighbour import Neighbour, fix

LIBRARY, PROJECT = "sqlalchemy_declarative_extensions", "declarative_extensions"


def test_what_agrees_is_green(neighbour: Neighbour) -> None:
    report = neighbour.run()
    assert report.outcomes == {"passed"}, report.printed
    assert report.findings("drift") == []


def test_what_is_declared_without_a_migration_is_missed_and_the_fix_makes_it(neighbour: Neighbour) -> None:
    neighbour.edit("models.py", 'Schemas().are("reports")', 'Schemas().are("reports", "archive")')
    neighbour.edit("models.py", "loans.reader FROM", "upper(loans.reader) AS reader FROM")
    neighbour.edit("models.py", "btrim(", "ltrim(")
    neighbour.edit("models.py", '.before("insert", on', '.before("insert", "update", on')
    errors = neighbour.run("drift").errors
    assert set(errors) == {"archive", "reports.lent", "public.trim_title()", "public.books.books_trim"}
    neighbour.revision("\n".join(fix(f) for f in errors.values()))
    assert neighbour.run("drift").findings("drift") == []


def test_roles_that_only_the_models_have_stay_out_of_the_cluster(neighbour: Neighbour) -> None:
    """Roles and grants are no drift: a database for tests has others. The later revision would fail on one of ours."""
    neighbour.edit("models.py", 'Role("librarian", login=False)', 'Role("librarian", login=False), Role("clerk")')
    neighbour.edit("models.py", "    grants = [", '    grants = [\n        Grant.new("usage", to="clerk").on_schemas("reports"),')
    assert neighbour.run("drift").findings("drift") == []
    neighbour.revision('op.execute("CREATE ROLE clerk")', 'op.execute("DROP ROLE clerk")')
    assert neighbour.run("drift,stairway,roundtrip").outcomes == {"passed"}


def test_a_grant_and_a_role_that_a_downgrade_forgets_are_named(neighbour: Neighbour) -> None:
    neighbour.without_downgrade("c3*.py")
    errors = neighbour.run("stairway").errors
    assert {"librarian", "reports.lent", "reports"} <= set(errors)
    neighbour.without_downgrade("c3*.py", fix(errors["librarian"]))
    assert neighbour.run("stairway").outcomes == {"passed"}
