"""The code that a finding offers for a downgrade does bring the catalog back to what it was."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from catalog_residue import BASE, FAMILIES, PARTITIONED, PARTITIONED_RESIDUES, RESIDUES, Residue
from catalog_server import Scratch

from pytest_migcheck.checks.restoring import Catalogs, restoring_code
from pytest_migcheck.core.diff import diff
from pytest_migcheck.core.finding import Difference

# Nothing is offered for these: the author alone knows what to write.
UNCERTAIN = frozenset(("grant", "column grant"))
UNCERTAIN_FAMILIES = (
    "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER", "ALTER DEFAULT PRIVILEGES", "DO $$", "SELECT lo_create",
    "GRANT ", "REVOKE ",
)  # fmt: skip

MORE = (
    Residue(name="dropped column", upgrade="ALTER TABLE users DROP COLUMN age", repair="", expected=""),
    Residue(name="dropped index", upgrade="DROP INDEX orders_total_ix", repair="", expected=""),
    Residue(name="dropped foreign key", upgrade="ALTER TABLE orders DROP CONSTRAINT orders_user_fk", repair="", expected=""),
    Residue(name="dropped view", upgrade="DROP VIEW paid", repair="", expected=""),
    Residue(name="dropped function", upgrade="DROP FUNCTION touch()", repair="", expected=""),
    Residue(name="dropped default", upgrade="ALTER TABLE users ALTER age DROP DEFAULT", repair="", expected=""),
    Residue(name="table", upgrade='CREATE TABLE "Odd.Name" (id int)', repair="", expected=""),
    Residue(name="column in a schema", upgrade="CREATE SCHEMA app; CREATE TABLE app.t (id int)", repair="", expected=""),
    Residue(
        name="comment changed",
        upgrade="COMMENT ON TABLE users IS 'new: it''s'",
        leaky="",
        repair="COMMENT ON TABLE users IS 'old: it''s \"one\"'",
        expected="",
    ),
    Residue(
        name="jsonb default",
        upgrade="ALTER TABLE users ALTER j DROP DEFAULT",
        repair="ALTER TABLE users ADD j jsonb DEFAULT '{\"a\":1}'",
        expected="",
    ),
    Residue(
        name="function with a colon and a backslash",
        upgrade="DROP FUNCTION odd",
        repair="CREATE FUNCTION odd() RETURNS text LANGUAGE sql AS $$ SELECT '{\"a\":1}' || E'\\n' || '%' || 1::text\n $$",
        expected="",
    ),
    Residue(
        name="policy changed",
        upgrade="DROP POLICY own ON orders; CREATE POLICY own ON orders FOR SELECT TO PUBLIC USING (user_id = 2)",
        repair="CREATE POLICY own ON orders FOR UPDATE TO PUBLIC USING (user_id = 1) WITH CHECK (id > 0)",
        expected="",
    ),
    Residue(
        name="trigger switched off",
        upgrade="ALTER TABLE users DISABLE TRIGGER touched",
        repair="CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()",
        expected="",
    ),
    Residue(
        name="enum type dropped",
        upgrade="DROP TYPE mood",
        repair="CREATE TYPE mood AS ENUM ('ok', 'bad')",
        expected="",
    ),
)


def restored(scratch: Scratch, before, name: str) -> tuple[Difference, ...]:
    """Run what is offered for every difference, and return what still differs."""
    catalogs = Catalogs(before=before, after=scratch.read())
    differences = diff(catalogs.before, catalogs.after)
    assert differences, name
    # What is in a schema goes before the schema.
    code = [restoring_code(d, catalogs) for d in sorted(differences, key=lambda d: d.kind == "schema")]
    if None in code:
        assert code == [None] * len(code) or name in UNCERTAIN, code
        return differences
    engine = sa.create_engine("postgresql+psycopg://", creator=scratch.new_connection)
    with engine.begin() as connection:
        for line in code:
            exec(line, {"op": Operations(MigrationContext.configure(connection)), "sa": sa})
    engine.dispose()
    return diff(before, scratch.read())


# A view reads the enum's column there: another test takes the value away without it.
@pytest.mark.parametrize("residue", [r for r in RESIDUES if r.name != "enum value"], ids=lambda r: r.name)
def test_what_is_offered_restores_the_catalog(scratch: Scratch, residue: Residue) -> None:
    scratch.run(BASE)
    before = scratch.read()
    scratch.run(residue.upgrade)
    scratch.run(residue.leaky)
    left = restored(scratch, before, residue.name)
    assert bool(left) is (residue.name in UNCERTAIN), left


@pytest.mark.parametrize("residue", MORE, ids=lambda r: r.name)
def test_what_is_offered_restores_what_was_changed(scratch: Scratch, residue: Residue) -> None:
    """Here ``repair`` makes what there was before."""
    scratch.run(BASE)
    scratch.run(residue.repair)
    before = scratch.read()
    scratch.run(residue.upgrade)
    scratch.run(residue.leaky)
    assert restored(scratch, before, residue.name) == ()


@pytest.mark.parametrize("residue", PARTITIONED_RESIDUES, ids=lambda r: r.name)
def test_what_is_offered_restores_a_partitioned_table(scratch: Scratch, residue: Residue) -> None:
    scratch.run(PARTITIONED)
    before = scratch.read()
    scratch.run(residue.upgrade)
    scratch.run(residue.leaky)
    assert restored(scratch, before, residue.name) == ()


def test_what_is_offered_takes_an_enum_value_away(scratch: Scratch) -> None:
    scratch.run(BASE + "DROP VIEW paid; CREATE TABLE t (s status NOT NULL); ALTER TABLE t SET UNLOGGED")
    scratch.run("INSERT INTO t VALUES ('new')")
    before = scratch.read()
    scratch.run("ALTER TYPE status ADD VALUE 'sent' BEFORE 'paid'")
    assert restored(scratch, before, "enum value") == ()


def test_what_is_offered_takes_a_role_with_its_grants_away(scratch: Scratch) -> None:
    scratch.run(BASE)
    before = scratch.read()
    scratch.run('CREATE ROLE "restoring-a"; GRANT SELECT ON users TO "restoring-a"')
    catalogs = Catalogs(before=before, after=scratch.read())
    (role,) = [d for d in diff(before, catalogs.after) if d.kind == "role"]
    engine = sa.create_engine("postgresql+psycopg://", creator=scratch.new_connection)
    with engine.begin() as connection:
        exec(restoring_code(role, catalogs), {"op": Operations(MigrationContext.configure(connection)), "sa": sa})
    engine.dispose()
    assert diff(before, scratch.read()) == ()


@pytest.mark.parametrize("script", [script for script, _ in FAMILIES], ids=lambda v: str(v)[:40])
def test_what_is_offered_for_any_family_is_right_or_nothing(scratch: Scratch, script: str) -> None:
    scratch.run(BASE)
    before = scratch.read()
    scratch.run(script)
    catalogs = Catalogs(before=before, after=scratch.read())
    nothing = any(restoring_code(d, catalogs) is None for d in diff(before, catalogs.after))
    assert nothing is script.startswith(UNCERTAIN_FAMILIES)
    assert nothing or restored(scratch, before, script) == ()
