"""What each tool's folder is read as: order, ways back, faults of its files; no server is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.history.sql.find import FoundFolder, find_folders, named_folders
from pytest_migcheck.history.sql.layout import Layout


def write(root: Path, *names: str, **texts: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get(path.stem, texts.get("each", "SELECT 1;")))


def layout(root: Path, tool: str, *names: str, **texts: str) -> Layout:
    write(root, *names, **texts)
    return FoundFolder(label="m", tool=tool, path=root).layout()


def ids(found: Layout) -> list[str]:
    return [migration.id for migration in found.migrations]


def faults(found: Layout) -> list[tuple[str, str]]:
    return [(fault.rule, fault.object) for fault in found.faults]


def journal(root: Path, *entries: tuple[int, str, int], dialect: str = "postgresql") -> None:
    listed = [{"idx": idx, "tag": tag, "when": when} for idx, tag, when in entries]
    (root / "meta").mkdir(parents=True, exist_ok=True)
    (root / "meta" / "_journal.json").write_text(json.dumps({"dialect": dialect, "entries": listed}, indent=1))


def test_numbers_are_compared_as_numbers_and_ways_back_belong_to_them(tmp_path: Path) -> None:
    names = ("2_b.up.sql", "10_c.up.sql", "001_a.up.sql", "001_a.down.sql", "notes.sql", "2_other.up.sql")
    found = layout(tmp_path, "golang-migrate", *names)
    assert ids(found) == ["001", "2", "10"]
    assert [migration.has_downgrade for migration in found.migrations] == [True, False, False]
    assert faults(found) == [("duplicate-migration", "2_other.up.sql"), ("migration-not-listed", "notes.sql")]


@pytest.mark.parametrize(
    ("tool", "up", "stray"),
    [
        ("golang-migrate", "02_b.up.sql", "20_b.down.sql"),
        ("flyway", "V2__b.sql", "U2.1__b.sql"),
        ("yoyo", "02.b.sql", "2.b.rollback.sql"),
        ("sql", "02_b.sql", "2_b.down.sql"),
    ],
)
def test_a_way_back_of_no_migration_is_told(tmp_path: Path, tool: str, up: str, stray: str) -> None:
    found = layout(tmp_path, tool, up, stray)
    assert [migration.has_downgrade for migration in found.migrations] == [False]
    assert faults(found) == [("migration-file-missing", stray)]


def test_flyway_stops_at_two_files_of_one_kind_and_name(tmp_path: Path) -> None:
    found = layout(tmp_path, "flyway", "V1__a.sql", "U1__a.sql", "b/U1.0__a.sql", "a/R__v.sql", "b/R__v.sql")
    assert ids(found) == ["1", "R__v"]
    assert faults(found) == [("duplicate-migration", "U1.0__a.sql"), ("duplicate-migration", "R__v.sql")]


def test_goose_skips_what_is_written_in_go_and_says_so(tmp_path: Path) -> None:
    up = "-- +goose up\nSELECT 1;\n-- +goose Down\n"
    found = layout(tmp_path, "goose", "00002_b.sql", "00010_c.go", "1_a.sql", each=up)
    assert ids(found) == ["1", "00002"]
    assert [(m.up_line, m.down_line) for m in found.migrations] == [(1, 3), (1, 3)]
    assert faults(found) == [("migration-not-listed", "00010_c.go")]


def test_flyway_compares_versions_part_by_part_and_runs_repeatable_ones_last(tmp_path: Path) -> None:
    names = ("V1__a.sql", "V1.10__c.sql", "V1_9__b.sql", "sub/V2__d.sql", "U1__a.sql", "R__views.sql")
    found = layout(tmp_path, "flyway", *names, "V3_typo.sql", "B2__base.sql", "V01.0__again.sql")
    assert ids(found) == ["1", "1.9", "1.10", "2", "R__views"]
    assert [m.has_downgrade for m in found.migrations] == [True, False, False, False, False]
    assert faults(found) == [
        ("duplicate-migration", "V1__a.sql"),
        ("migration-not-listed", "V3_typo.sql"),
        ("migration-not-listed", "B2__base.sql"),
    ]


def test_sqitch_runs_what_is_planned_and_reworked_changes_have_their_tag(tmp_path: Path) -> None:
    plan = (
        "%syntax-version=1.0.0\n%project=shop\n\n"
        "users 2025-01-01T00:00:00Z A <a@b.c> # users\nposts [users] 2025-01-02T00:00:00Z A <a@b.c> # posts\n"
        "@v1 2025-01-03T00:00:00Z A <a@b.c> # first\n\nusers [users@v1] 2025-01-04T00:00:00Z A <a@b.c> # again\n"
        "gone [later] 2025-01-05T00:00:00Z A <a@b.c> # gone\n"
    )
    (tmp_path / "sqitch.plan").write_text(plan)
    names = ("deploy/users.sql", "deploy/users@v1.sql", "deploy/posts.sql", "deploy/stray.sql", "revert/posts.sql")
    found = layout(tmp_path, "sqitch", *names)
    assert ids(found) == ["users@v1", "posts", "users"]
    assert [(f.rule, f.object, f.line) for f in found.faults] == [
        ("migration-file-missing", "gone", 9),
        ("migration-out-of-order", "gone", 9),
        ("migration-not-listed", "stray.sql", 1),
    ]


def test_yoyo_runs_what_others_depend_on_first(tmp_path: Path) -> None:
    found = layout(tmp_path, "yoyo", "a.sql", "b.sql", "b.rollback.sql", "c.py", a="-- depends: b nothing\nSELECT 1;")
    assert ids(found) == ["b", "a"]
    assert faults(found) == [("migration-file-missing", "nothing"), ("migration-not-listed", "c.py")]
    (tmp_path / "b.sql").write_text("-- depends: a\nSELECT 1;")
    with pytest.raises(MigcheckError, match="go in a circle"):
        layout(tmp_path, "yoyo")


def test_plain_files_go_by_name_and_a_second_order_is_pointed_at(tmp_path: Path) -> None:
    found = layout(tmp_path, "sql", "10_c.sql", "9_b.sql", "9_b.down.sql")
    assert ids(found) == ["10_c", "9_b"]
    assert faults(found) == [("migration-out-of-order", "9_b.sql")]
    assert found.migrations[1].has_downgrade


def test_drizzle_follows_the_journal_and_its_faults_are_told(tmp_path: Path) -> None:
    journal(tmp_path, (0, "0000_b", 30), (1, "0001_a", 20), (1, "0003_gone", 40), (4, "0000_b", 50))
    for name, own, parent in (("0000", "x", "0" * 8), ("0001", "y", "x"), ("0002", "z", "x")):
        origin = "00000000-0000-0000-0000-000000000000"
        text = json.dumps({"id": own, "prevId": origin if set(parent) == {"0"} else parent})
        (tmp_path / "meta" / f"{name}_snapshot.json").write_text(text)
    found = layout(tmp_path, "drizzle", "0000_b.sql", "0001_a.sql", "0002_lost.sql")
    assert ids(found) == ["0000_b", "0001_a"]
    assert faults(found) == [
        ("migration-not-listed", "0002_lost.sql"),
        ("migration-file-missing", "0003_gone"),
        ("duplicate-migration", "0003_gone"),
        ("duplicate-migration", "0000_b"),
        ("migration-out-of-order", "0001_a"),
        ("snapshot-chain-broken", "0002_snapshot.json"),
    ]
    assert [fault.line for fault in found.faults] == [1, 16, 16, 21, 11, 1]


def test_drizzle_without_a_journal_has_a_folder_for_each_migration(tmp_path: Path) -> None:
    names = ("20250101_a/migration.sql", "20250102_b/migration.sql", "20250103_c/snapshot.json")
    text = '{"id": "y", "prevIds": ["x"], "dialect": "postgres", "version": "8"}'
    found = layout(tmp_path, "drizzle", *names, snapshot=text)
    assert ids(found) == ["20250101_a", "20250102_b"]
    assert faults(found) == [("migration-file-missing", "20250103_c")]
    assert not found.refusal


@pytest.mark.parametrize(
    ("tool", "name", "text", "said"),
    [
        ("drizzle", "meta/_journal.json", '{"dialect": "mysql", "entries": [{"idx": 0, "tag": "a"}]}', "for mysql"),
        ("prisma", "migration_lock.toml", 'provider = "sqlite"', "for sqlite"),
        ("sqitch", "sqitch.conf", "[core]\n\tengine = mysql\n", "its engine is mysql"),
    ],
)
def test_what_is_for_another_database_is_not_run(tmp_path: Path, tool: str, name: str, text: str, said: str) -> None:
    (tmp_path / "sqitch.plan").write_text("a 2025-01-01T00:00:00Z A <a@b.c> # a\n")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    found = layout(tmp_path, tool, "a.sql", "a/migration.sql", "deploy/a.sql")
    assert said in found.refusal


def test_prisma_goes_by_folder_and_minds_its_lock_file(tmp_path: Path) -> None:
    (tmp_path / "2025_empty").mkdir()
    found = layout(tmp_path, "prisma", "2025_b/migration.sql", "000_init/migration.sql", "000_init/down.sql")
    assert ids(found) == ["000_init", "2025_b"]
    assert [m.has_downgrade for m in found.migrations] == [True, False]
    assert faults(found) == [("lock-file-wrong", "migration_lock.toml"), ("migration-file-missing", "2025_empty")]
    (tmp_path / "migration_lock.toml").write_text('# prisma\nprovider = "mysql"')
    found = layout(tmp_path, "prisma")
    assert next((f.object, f.line) for f in found.faults) == ("migration_lock.toml", 2)
    assert found.anchor.name == "migration_lock.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"entries": [}', "not JSON: Expecting value in line 1, column 14"),
        ("[]", "a JSON object is expected, not list"),
        ("{}", "it has no list of entries"),
        ('{"entries": [3]}', "entry 0 has no tag: 3"),
        ('{"entries": []}', "no entry has a file"),
    ],
)
def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "_journal.json").write_text(text)
    with pytest.raises(MigcheckError, match=r"_journal\.json") as raised:
        layout(tmp_path, "drizzle", "0000_a.sql")
    assert said in str(raised.value)


@pytest.mark.parametrize("tool", ["prisma", "drizzle", "golang-migrate", "goose", "dbmate", "flyway", "yoyo", "sql"])
def test_an_empty_folder_is_told_with_the_place(tmp_path: Path, tool: str) -> None:
    with pytest.raises(MigcheckError) as raised:
        layout(tmp_path, tool)
    assert str(tmp_path) in str(raised.value)


def test_what_can_be_nothing_else_is_found(tmp_path: Path) -> None:
    (tmp_path / "web" / "prisma").mkdir(parents=True)
    (tmp_path / "web" / "prisma" / "schema.prisma").write_text("")
    journal(tmp_path / "web" / "drizzle", (0, "0000_a", 1))
    write(tmp_path, "web/prisma/migrations/1_a/migration.sql", "node_modules/x/migrations/1_a.up.sql")
    write(tmp_path, "a/db/migrations/1_a.up.sql", "b/migrations/V1__a.sql", "c/1.sql", "f/migrations/1.sql")
    write(tmp_path, "d/migrations/1_a.sql", each="-- +goose Up\nSELECT 1;")
    write(tmp_path, "e/db/migrations/1_a.sql", each="-- migrate:up\nSELECT 1;\n-- migrate:down")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "sqitch.plan").write_text("")
    write(tmp_path, "y/migrations/1.sql", "y/migrations/1.rollback.sql")
    assert {(found.tool, found.label) for found in find_folders(tmp_path)} == {
        ("prisma", "web/prisma/migrations"),
        ("drizzle", "web/drizzle"),
        ("golang-migrate", "a/db/migrations"),
        ("flyway", "b/migrations"),
        ("goose", "d/migrations"),
        ("dbmate", "e/db/migrations"),
        ("sqitch", "s"),
        ("yoyo", "y/migrations"),
    }


def test_a_name_of_a_history_says_what_is_valid(tmp_path: Path) -> None:
    write(tmp_path, "db/1_a.up.sql", "dump.sql")
    (found,) = named_folders(tmp_path, ("sql:db",))
    assert (found.tool, found.label) == ("golang-migrate", "db")
    (found,) = named_folders(tmp_path, ("sql:dump.sql",))
    assert ids(found.layout()) == ["dump"]
    with pytest.raises(MigcheckError, match="Did you mean 'goose:db'"):
        list(named_folders(tmp_path, ("gose:db",)))
    with pytest.raises(MigcheckError, match=r"there is no .*/nowhere"):
        list(named_folders(tmp_path, ("prisma:nowhere",)))
