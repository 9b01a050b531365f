"""The catalog sees every kind of object: what a leaky downgrade leaves is named, the repaired one is silent."""

from __future__ import annotations

import pytest
from catalog_residue import BASE, FAMILIES, PARTITIONED, PARTITIONED_RESIDUES, RESIDUES, Residue
from catalog_server import Scratch

from pytest_migcheck.core.diff import diff
from pytest_migcheck.core.finding import Difference


def spelt(differences: tuple[Difference, ...]) -> str:
    lines = (f"{d.kind} {d.object} {d.change.value} {' '.join(a.name for a in d.attributes)}" for d in differences)
    return "; ".join(line.rstrip() for line in lines)


def check(scratch: Scratch, base: str, residue: Residue) -> None:
    scratch.run(base)
    before = scratch.read()
    scratch.run(residue.upgrade)
    scratch.run(residue.leaky)
    assert spelt(diff(before, scratch.read())) == residue.expected
    scratch.run(residue.repair)
    if residue.name != "dropped table":
        assert spelt(diff(before, scratch.read())) == ""


@pytest.mark.parametrize("residue", RESIDUES, ids=lambda r: r.name)
def test_what_a_downgrade_leaves_is_named_and_the_repair_is_silent(scratch: Scratch, residue: Residue) -> None:
    check(scratch, BASE, residue)


@pytest.mark.parametrize("residue", PARTITIONED_RESIDUES, ids=lambda r: r.name)
def test_a_change_of_a_partitioned_table_is_named_once(scratch: Scratch, residue: Residue) -> None:
    check(scratch, PARTITIONED, residue)


@pytest.mark.parametrize(("script", "expected"), FAMILIES, ids=lambda v: str(v)[:40])
def test_every_family_is_read(scratch: Scratch, script: str, expected: str | None) -> None:
    scratch.run(BASE)
    before = scratch.read()
    scratch.run(script)
    differences = diff(before, scratch.read())
    if expected is None:
        assert len(differences) == 1, spelt(differences)
    else:
        assert spelt(differences) == expected


def test_hidden_tables_and_schemas_are_left_out(scratch: Scratch) -> None:
    scratch.run("CREATE SCHEMA migcheck; CREATE TABLE migcheck.t (id serial)")
    scratch.run("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    catalog = scratch.reader(hidden="alembic_version").read()
    assert [k.kind for k in catalog.objects if k.schema or k.kind == "schema"] == ["schema"]


def test_roles_and_memberships_are_read_unless_the_cluster_is_shared_with_others(scratch: Scratch) -> None:
    reader = scratch.reader(shared=False)
    before, alone = scratch.read(), reader.read()
    scratch.run("CREATE ROLE catalog_a; CREATE ROLE catalog_b; GRANT catalog_a TO catalog_b")
    try:
        assert spelt(diff(before, scratch.read())) == (
            "role catalog_a added; membership catalog_a.catalog_b added; role catalog_b added"
        )
        assert not diff(alone, reader.read())
    finally:
        scratch.run("DROP ROLE catalog_a, catalog_b")


def test_reading_leaves_no_transaction_open(scratch: Scratch) -> None:
    reader = scratch.reader(incremental=True)
    reader.read()
    reader.read()
    assert reader.connection.info.transaction_status.name == "IDLE"


INDEXED = """
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE DOMAIN code AS varchar(8);
CREATE TABLE "Odd ""Table" (
    id int PRIMARY KEY, name text, short varchar(20) UNIQUE, fixed char(4), "select" int, "Mixed Case" text,
    moods mood[], feeling mood, coded code, ranked text COLLATE "C", n numeric, made timestamptz, UNIQUE (n, made)
);
CREATE INDEX plain ON "Odd ""Table" (name);
CREATE INDEX "Quoted ""index" ON "Odd ""Table" ("select", "Mixed Case");
CREATE INDEX twice ON "Odd ""Table" (n, n);
CREATE INDEX fixed ON "Odd ""Table" (fixed, short);
CREATE INDEX kinds ON "Odd ""Table" (moods, feeling, coded);
CREATE INDEX ranked ON "Odd ""Table" (ranked);
CREATE INDEX other_collation ON "Odd ""Table" (name COLLATE "C");
CREATE INDEX own_collation ON "Odd ""Table" (ranked COLLATE "POSIX");
CREATE INDEX other_class ON "Odd ""Table" (name text_pattern_ops);
CREATE INDEX other_class_of_two ON "Odd ""Table" (name, short varchar_pattern_ops);
CREATE INDEX downwards ON "Odd ""Table" (n DESC);
CREATE INDEX nulls_first ON "Odd ""Table" (n, made NULLS FIRST);
CREATE UNIQUE INDEX only_one ON "Odd ""Table" (name);
CREATE UNIQUE INDEX including ON "Odd ""Table" (name) INCLUDE (n);
CREATE INDEX partial ON "Odd ""Table" (name) WHERE n > 0;
CREATE INDEX expressed ON "Odd ""Table" (lower(name), n);
CREATE INDEX hashed ON "Odd ""Table" USING hash (name);
CREATE INDEX filled ON "Odd ""Table" (made) WITH (fillfactor = 70);
CREATE TABLE parted (id int PRIMARY KEY, at date) PARTITION BY RANGE (id);
CREATE INDEX over_all ON parted (at);
CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9);
ALTER TABLE "Odd ""Table" RENAME COLUMN name TO "new name";
"""


def test_indexes_are_spelt_as_the_server_spells_them(scratch: Scratch) -> None:
    scratch.run(INDEXED)
    if scratch.connection.info.server_version >= 150000:
        scratch.run('CREATE UNIQUE INDEX one_null ON "Odd ""Table" (n) NULLS NOT DISTINCT')
    read = {k.name: v["definition"] for k, v in scratch.read().objects.items() if k.kind == "index"}
    served = scratch.reading.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE c.relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert len(served) > 20
    assert read == dict(served)


def test_many_new_tables_are_read(scratch: Scratch) -> None:
    scratch.read()
    scratch.run("CREATE TABLE parted (id int PRIMARY KEY, n int CHECK (n > 0)) PARTITION BY RANGE (id)")
    scratch.run("; ".join(f"CREATE TABLE part_{n} PARTITION OF parted FOR VALUES FROM ({n}) TO ({n + 1})" for n in range(60)))
    assert sum(key.kind == "index" for key in scratch.read().objects) == 61
    scratch.run("ALTER TABLE parted ADD COLUMN added int; DROP TABLE part_7")
    assert sum(key.name == "added" for key in scratch.read().objects) == 60


def test_the_reading_of_everything_is_planned_anew_when_the_catalog_has_grown(scratch: Scratch) -> None:
    """A plan for an empty database goes through all partitions for each of them."""

    def planned() -> object:
        query = "SELECT prepare_time FROM pg_prepared_statements WHERE name = 'migcheck_whole'"
        return scratch.reading.execute(query).fetchall()

    scratch.read()
    first = planned()
    scratch.run("CREATE TABLE one (id int PRIMARY KEY)")
    scratch.read()
    assert len(first) == 1 and planned() == first
    scratch.run("; ".join(f"CREATE TABLE t{n} (id serial PRIMARY KEY, a int UNIQUE)" for n in range(200)))
    scratch.read()
    assert len(planned()) == 1 and planned() != first
