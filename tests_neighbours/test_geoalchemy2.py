"""GeoAlchemy2: geometry, its automatic indexes, and the tables of PostGIS, on a server of this machine."""

from __future__ import annotations

import pytest
from neighbour import Neighbour, fix

LIBRARY, PROJECT = "geoalchemy2", "geoalchemy2"
ROWS = """
def test_rows(migcheck_db_factory):
    with migcheck_db_factory(rows=4) as db, db.connect() as connection:
        count, kinds = connection.execute("SELECT count(*), min(ST_GeometryType(position)) FROM places").fetchone()
        assert (count, kinds) == (4, "ST_Point")
"""


@pytest.fixture(scope="session")
def postgis() -> str:
    """The local server, where it has PostGIS."""
    from pytest_migcheck.core.outcome import MigcheckError
    from pytest_migcheck.postgres.ladder import start_server

    try:
        server = start_server("local")
    except MigcheckError as error:
        pytest.skip(f"there is no PostgreSQL on this machine: {error}")
    try:
        if "postgis" not in server.available_extensions():
            pytest.skip("the PostgreSQL of this machine has no PostGIS; on Debian: postgresql-15-postgis-3")
    finally:
        server.stop()
    return "local"


@pytest.fixture
def places(neighbour: Neighbour, postgis: str) -> Neighbour:
    neighbour.postgres = postgis
    return neighbour


def test_what_agrees_is_green(places: Neighbour) -> None:
    report = places.run()
    assert report.outcomes == {"passed"}, report.printed
    assert report.findings("drift") == []
    assert "no rows in" not in report.printed


def test_columns_without_a_migration_are_missed_and_the_fix_adds_them(places: Neighbour) -> None:
    places.edit(
        "models.py",
        "    outline:",
        '    center: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=3857))\n'
        '    path: Mapped[Any | None] = mapped_column(Geography("LINESTRINGZ", srid=4326, dimension=3))\n'
        "    outline:",
    )
    errors = places.run("drift").errors
    assert set(errors) == {
        f"public.areas.{name}" for name in ("center", "idx_areas_center", "path", "idx_areas_path")
    }
    places.revision("\n".join(fix(f) for f in errors.values()))
    assert places.run("drift").findings("drift") == []


def test_what_a_downgrade_forgets_is_named_and_the_fix_drops_it(places: Neighbour) -> None:
    places.without_downgrade("a1*.py")
    places.without_downgrade("c3*.py")
    errors = places.run("stairway").errors
    # What belongs to the extension goes with it, and is not told one by one.
    assert set(errors) == {"postgis", "public.places.reach", "a1", "c3"}
    places.without_downgrade("a1*.py", fix(errors["postgis"]))
    places.without_downgrade("c3*.py", fix(errors["public.places.reach"]))
    assert places.run("stairway").outcomes == {"passed"}


def test_another_reference_system_fails_on_rows(places: Neighbour) -> None:
    places.revision('op.execute("ALTER TABLE places ALTER position TYPE geometry(Point, 3857)")')
    assert ("upgrade-fails-on-rows", "e5") in places.run("data").findings("data")


@pytest.mark.parametrize("type_", ["geometry(MultiPolygonZ,3857)", "geography(LineString,4326)", "raster"])
def test_rows_with_geometry_are_made(places: Neighbour, type_: str) -> None:
    """A raster has no value that can be guessed: the column is left NULL."""
    null = "" if type_ == "raster" else " NOT NULL"
    extension = "CREATE EXTENSION postgis_raster; " if type_ == "raster" else ""
    places.revision(f'op.execute("{extension}ALTER TABLE places ADD required {type_}{null}")')
    (places.path / "test_rows.py").write_text(ROWS, encoding="utf-8")
    # The check of the heads is the other.
    assert "2 passed" in places.run("heads", "test_rows.py").printed


def test_a_server_without_postgis_is_explained(neighbour: Neighbour) -> None:
    neighbour.postgres = "embedded"
    printed = neighbour.run("stairway").printed
    assert "the server that migcheck took lacks this extension; take one that has it: " in printed
