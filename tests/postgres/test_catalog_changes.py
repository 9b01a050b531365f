"""Every kind and attribute: one change is one difference with the right words, and its fix makes it vanish."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from catalog_changes import CHANGES, CatalogChange
from catalog_server import Scratch

from pytest_migcheck.checks.drift_together import fixes
from pytest_migcheck.checks.restoring import Catalogs
from pytest_migcheck.core.difference_words import words
from pytest_migcheck.core.drift import drift
from pytest_migcheck.core.drift_severities import ATTRIBUTES, KINDS
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.postgres.fold import fold
from pytest_migcheck.postgres.server import Server


class Both:
    """Two databases, with the base of every change in one and the change besides in the other."""

    def __init__(self, server: Server) -> None:
        self.changes = tuple(c for c in CHANGES if c.since * 10000 <= server.version_num)
        self.base, self.changed = Scratch(server), Scratch(server)
        for change in self.changes:
            self.base.run(change.sql(changed=False))
            self.changed.run(change.sql(changed=True))
        self.version = server.version_num

    def drift(self, models: Scratch, migrated: Scratch) -> tuple[list[Difference], Catalogs]:
        catalogs = Catalogs(before=models.read(), after=migrated.read(), version=self.version)
        found = drift(catalogs.before, catalogs.after, folded=lambda pairs: fold(models.reading, pairs))
        return list(found), catalogs

    def close(self) -> None:
        self.base.close()
        self.changed.close()


@pytest.fixture(scope="module")
def both(catalog_server: Server) -> Iterator[Both]:
    both = Both(catalog_server)
    yield both
    both.close()


def owner(difference: Difference, changes: tuple[CatalogChange, ...]) -> str:
    """The slug of the change that a difference is of: the longest that its name holds, whole."""
    held = (c.slug for c in changes if f"{c.slug}." in difference.object or f"{c.slug}_" in f"{difference.object}_")
    by_text = (c.slug for c in changes if c.words.startswith(f"{difference.kind} {difference.object}:"))
    return max(held, key=len, default=next(by_text, ""))


def by_change(differences: list[Difference], changes: tuple[CatalogChange, ...]) -> dict[str, list[Difference]]:
    found = defaultdict(list)
    for difference in differences:
        found[owner(difference, changes)].append(difference)
    return found


def test_one_change_is_one_difference_in_a_persons_words(both: Both) -> None:
    found = by_change(both.drift(both.changed, both.base)[0], both.changes)
    wrong = {}
    for change in both.changes:
        told = [f"{d.severity.value} {words(d)}".replace(change.slug, "app") for d in found.pop(change.slug, [])]
        if told != [f"{change.severity} {change.words}"]:
            wrong[change.name] = told
    assert (wrong, found) == ({}, {})


# Left off by the policy: who owns what and may do what is of a server.
OFF = frozenset(("grants", "owner"))
# Come with another attribute or a kind of their own, or need what a test server has not (a second tablespace).
NOT_OF_THE_KIND = {
    *((kind, "replica identity") for kind in ("foreign table", "composite type", "view", "materialized view")),
    *((kind, "persistence") for kind in ("foreign table", "composite type", "view", "materialized view")),
}
UNCHANGED = {
    *NOT_OF_THE_KIND,
    *(("partitioned table", name) for name in ("replica identity", "persistence")),
    *(("column", "inherited"), ("sequence", "identity"), ("type", "form"), ("extension", "relocatable")),
}


def test_every_attribute_of_every_kind_has_a_change(both: Both) -> None:
    """What the catalog reads and no change changes would be compared untested."""
    differences = [*both.drift(both.changed, both.base)[0], *both.drift(both.base, both.changed)[0]]
    told = {(d.kind, a.name) for d in differences for a in d.attributes}
    one_sided = {d.kind for d in differences if d.change is not Change.CHANGED}
    read = {(k.kind, n) for k, a in both.changed.read().objects.items() for n, v in a.items() if v and n[0] != "_"}
    off = {"role", "membership", "default privileges", "setting", "database", "large objects", "user mapping"}
    kinds = {kind for kind, _ in read if kind not in off}
    assert kinds - one_sided == set()
    untold = {(kind, name) for kind, name in read - told if kind in kinds and name not in OFF}
    assert {kind for kind, _ in read} - off <= set(KINDS)
    valid = {(kind, name) for kind, names in ATTRIBUTES.items() for name in names}
    assert {(kind, name) for kind, name in told if kind in kinds} - valid == set()
    assert {(kind, name) for kind, name in read if kind in kinds and name not in OFF} - valid == NOT_OF_THE_KIND
    # ALTER TABLE ... SET ACCESS METHOD came with 15, NOT ENFORCED with 18.
    fixed = {(kind, "access method") for kind in ("table", "materialized view")} if both.version < 150000 else set()
    assert untold == UNCHANGED | fixed | ({("constraint", "enforced")} if both.version < 180000 else set())


def test_what_only_the_migrations_have_is_one_difference_too(both: Both) -> None:
    found = by_change(both.drift(both.base, both.changed)[0], both.changes)
    severities = {c.name: [d.severity.value for d in found.get(c.slug, [])] for c in both.changes}
    assert severities == {c.name: [c.extra] for c in both.changes}


@pytest.mark.parametrize("forth", [True, False], ids=["missing", "only in the migrations"])
def test_every_fix_makes_its_difference_vanish(catalog_server: Server, forth: bool) -> None:
    both = Both(catalog_server)
    models, migrated = (both.changed, both.base) if forth else (both.base, both.changed)
    differences, catalogs = both.drift(models, migrated)
    unfixed = {c.slug for c in both.changes if not (c.fixed if forth else c.fixed_extra)}
    engine = sa.create_engine("postgresql+psycopg://", creator=migrated.new_connection)
    errors = {}
    for difference, code in fixes(differences, catalogs):
        change = owner(difference, both.changes)
        calls = [line for line in code.splitlines() if line.startswith("op.")]
        if len(set(calls)) < len(calls):
            errors[change] = f"says a line twice:\n{code}"
        try:
            with engine.begin() as connection:
                exec(code, {"op": Operations(MigrationContext.configure(connection)), "sa": sa})
        except Exception as error:  # noqa: BLE001 - whatever a fix raises is told
            errors[change] = f"{code}\n{error}"
    engine.dispose()
    left = {owner(d, both.changes): words(d) for d in both.drift(models, migrated)[0]}
    both.close()
    report = {c: (e, left.get(c)) for c, e in errors.items() if c not in unfixed} | {
        c: ("", w) for c, w in left.items() if c not in errors and c not in unfixed
    }
    assert report == {}
