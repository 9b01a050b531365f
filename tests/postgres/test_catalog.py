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
