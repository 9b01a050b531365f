"""alembic_utils: functions, triggers and views that env.py registers."""

from __future__ import annotations

from neighbour import Neighbour, fix

LIBRARY, PROJECT = "alembic_utils", "alembic_utils"
ROUNDED = """
rounded = PGFunction(
    schema="public",
    signature="rounded(amount numeric)",
    definition="RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round(amount) $$",
)
"""


def test_what_agrees_is_green(neighbour: Neighbour) -> None:
    report = neighbour.run()
    assert report.outcomes == {"passed"}, report.printed
    assert report.findings("drift") == []


def test_entities_without_a_migration_are_missed_and_the_fix_makes_them(neighbour: Neighbour) -> None:
    neighbour.edit("entities.py", "\nENTITIES = [", f"{ROUNDED}\nENTITIES = [rounded, ")
    neighbour.edit("entities.py", "WHERE NOT orders.paid", "WHERE NOT orders.paid AND orders.total > 0")
    neighbour.edit("entities.py", "BEFORE UPDATE ON", "BEFORE INSERT OR UPDATE ON")
    neighbour.edit("entities.py", "1.19", "1.2")
    errors = neighbour.run("drift").errors
    assert set(errors) == {
        "public.rounded(amount numeric)",
        "public.with_tax(amount numeric)",
        "public.open_orders",
        "public.orders.orders_touch",
    }
    neighbour.revision("\n".join(fix(f) for f in errors.values()))
    assert neighbour.run("drift").findings("drift") == []


def test_a_view_that_the_downgrade_forgets_is_named_and_the_fix_drops_it(neighbour: Neighbour) -> None:
    neighbour.edit("migrations/versions/c3*.py", "    op.drop_entity(public_open_orders)\n", "")
    neighbour.edit("migrations/versions/c3*.py", "    op.drop_entity(public_with_tax)\n", "")
    errors = neighbour.run("stairway").errors
    assert {"public.open_orders", "public.with_tax(amount numeric)"} <= set(errors)
    neighbour.without_downgrade(
        "c3*.py", fix(errors["public.open_orders"]) + "\n" + fix(errors["public.with_tax(amount numeric)"])
    )
    assert neighbour.run("stairway").outcomes == {"passed"}
