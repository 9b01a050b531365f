"""What is new in PostgreSQL 18 is seen as any other object is."""

from __future__ import annotations

import pytest
from catalog_server import Scratch

from pytest_migcheck.core.diff import diff

BASE = """
CREATE EXTENSION btree_gist;
CREATE TABLE rooms (id int PRIMARY KEY, name text, during tstzrange, twice int GENERATED ALWAYS AS (id * 2) STORED)"""

CHANGES = {
    "named not null": (
        "ALTER TABLE rooms ADD CONSTRAINT rooms_have_names NOT NULL name",
        "column public.rooms.name changed: not null no → yes, not null constraint – → rooms_have_names",
    ),
    "not null that the server names": (
        "ALTER TABLE rooms ALTER COLUMN name SET NOT NULL",
        "column public.rooms.name changed: not null no → yes",
    ),
    "not null that is not valid": (
        "ALTER TABLE rooms ADD CONSTRAINT rooms_have_names NOT NULL name NOT VALID",
        "column public.rooms.name changed: not null no → yes, not null constraint – → rooms_have_names; "
        "constraint public.rooms.rooms_have_names added: NOT NULL name NOT VALID",
    ),
    "not enforced": (
        "ALTER TABLE rooms ADD CONSTRAINT positive CHECK (id > 0) NOT ENFORCED",
        "constraint public.rooms.positive added: CHECK ((id > 0)) NOT ENFORCED",
    ),
    "virtual generated column": (
        "ALTER TABLE rooms ADD COLUMN thrice int GENERATED ALWAYS AS (id * 3) VIRTUAL",
        "column public.rooms.thrice added: integer GENERATED ALWAYS AS ((id * 3)) VIRTUAL",
    ),
    "stored becomes virtual": (
        "ALTER TABLE rooms DROP COLUMN twice, ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) VIRTUAL",
        "column public.rooms.twice changed: generated s (id * 2) → v (id * 2)",
    ),
    "without overlaps": (
        "ALTER TABLE rooms ADD CONSTRAINT one_at_a_time UNIQUE (name, during WITHOUT OVERLAPS)",
        "constraint public.rooms.one_at_a_time added: UNIQUE (name, during WITHOUT OVERLAPS)",
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_one_difference(scratch: Scratch, change: str, expected: str) -> None:
    if scratch.connection.info.server_version < 180000:
        pytest.skip("PostgreSQL 18 and later")
    scratch.run(BASE)
    before = scratch.read()
    scratch.run(change)
    assert "; ".join(_told(d) for d in diff(before, scratch.read())) == expected


def _told(difference) -> str:
    changes = ", ".join(f"{a.name} {a.expected or '–'} → {a.found or '–'}" for a in difference.attributes)
    return f"{difference.kind} {difference.object} {difference.change.value}: {changes or difference.definition}"
