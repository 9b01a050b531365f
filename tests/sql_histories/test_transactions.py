"""Each tool's transactions: what stays of a migration that fails, and what may run outside."""

from __future__ import annotations

import pytest

from pytest_migcheck.core.diff import same
from sql_history_folder import Folder, tables

A = "CREATE TABLE a (id bigint PRIMARY KEY);"
FAILS = "CREATE TABLE b (id bigint);\nSELECT 1/0;\n"
CONCURRENTLY = "CREATE INDEX CONCURRENTLY ix ON a (id);"


def goose(up: str, down: str = "", head: str = "") -> str:
    return f"{head}-- +goose Up\n{up}\n-- +goose Down\n{down}\n"


def dbmate(up: str, down: str = "", options: str = "") -> str:
    return f"-- migrate:up{options}\n{up}\n-- migrate:down{options}\n{down}\n"


PRISMA = {"1_a/migration.sql": A, "2_b/migration.sql": FAILS}
KEEPS_NOTHING = [
    ("prisma", PRISMA, {"a"}),
    ("golang-migrate", {"1_a.up.sql": A, "2_b.up.sql": FAILS}, {"a"}),
    ("goose", {"1_a.sql": goose(A), "2_b.sql": goose(FAILS)}, {"a"}),
    ("dbmate", {"1_a.sql": dbmate(A), "2_b.sql": dbmate(FAILS)}, {"a"}),
    ("flyway", {"V1__a.sql": A, "V2__b.sql": FAILS}, {"a"}),
    ("yoyo", {"1.sql": A, "2.sql": FAILS}, {"a"}),
    ("sql", {"1.sql": A, "2.sql": FAILS}, {"a"}),
]
KEEPS_WHAT_RAN = [
    ("goose", {"1_a.sql": goose(A), "2_b.sql": goose(FAILS, head="-- +goose NO TRANSACTION\n")}, {"a", "b"}),
    # One message of two statements is a transaction, whatever the tool opens.
    ("dbmate", {"1_a.sql": dbmate(A), "2_b.sql": dbmate(FAILS, options=" transaction:false")}, {"a"}),
    ("flyway", {"V1__a.sql": A, "V2__b.sql": FAILS, "V2__b.sql.conf": "executeInTransaction=false"}, {"a", "b"}),
    ("yoyo", {"1.sql": A, "2.sql": "-- transactional: false\n" + FAILS}, {"a", "b"}),
    ("sqitch", {"sqitch.plan": "a x\nb x\n", "deploy/a.sql": A, "deploy/b.sql": FAILS}, {"a", "b"}),
    ("sqitch", {"sqitch.plan": "a x\nb x\n", "deploy/a.sql": A, "deploy/b.sql": f"BEGIN;\n{FAILS}COMMIT;"}, {"a"}),
    ("prisma", {"1_a/migration.sql": A, "2_b/migration.sql": f"SELECT 1; COMMIT; {FAILS}"}, {"a"}),
    ("prisma", {"1_a/migration.sql": A, "2_b/migration.sql": f"BEGIN; CREATE TABLE c (); COMMIT; {FAILS}"}, {"a", "c"}),
]
JOURNAL = '{"entries": [{"idx": 0, "tag": "0_a", "when": 1}, {"idx": 1, "tag": "1_b", "when": 2}]}'
DRIZZLE = [("drizzle", {"meta/_journal.json": JOURNAL, "0_a.sql": A, "1_b.sql": FAILS}, set())]


@pytest.mark.parametrize(("tool", "files", "left"), [*KEEPS_NOTHING, *KEEPS_WHAT_RAN, *DRIZZLE])
def test_what_a_failed_migration_leaves(folder: Folder, tool: str, files: dict[str, str], left: set[str]) -> None:
    result, catalog = folder.upgrade(folder.history(tool, files))
    assert result.failure is not None
    assert result.failure.kind == "DivisionByZero"
    assert result.failure.revision == list(folder.open(tool, folder.path / "m").graph.order)[1]
    assert result.failure.source is not None
    assert result.failure.source.text.strip().removeprefix("SELECT 1; COMMIT; ").startswith(("SELECT 1/0", "CREATE", "BEGIN"))
    assert tables(catalog) == left


ALONE = [
    ("prisma", {"1_a/migration.sql": A, "2_b/migration.sql": CONCURRENTLY}),
    ("golang-migrate", {"1_a.up.sql": A, "2_b.up.sql": CONCURRENTLY}),
    ("goose", {"1_a.sql": goose(A), "2_b.sql": goose(CONCURRENTLY, head="-- +goose NO TRANSACTION\n")}),
    ("dbmate", {"1_a.sql": dbmate(A), "2_b.sql": dbmate(CONCURRENTLY, options=" transaction:false")}),
    ("flyway", {"V1__a.sql": A, "V2__b.sql": CONCURRENTLY}),
    ("sqitch", {"sqitch.plan": "a x\nb x\n", "deploy/a.sql": A, "deploy/b.sql": CONCURRENTLY}),
    ("yoyo", {"1.sql": A, "2.sql": "-- transactional: false\n" + CONCURRENTLY}),
    ("sql", {"1.sql": A, "2.sql": CONCURRENTLY}),
]


@pytest.mark.parametrize(("tool", "files"), ALONE)
def test_an_index_is_built_concurrently_where_the_tool_lets_it(
    folder: Folder, tool: str, files: dict[str, str]
) -> None:
    history = folder.history(tool, files)
    result, catalog = folder.upgrade(history)
    assert result.failure is None
    assert "ix" in {key.name for key in catalog.objects if key.kind == "index"}
    assert [statement.transaction is None for statement in result.statements] == [False, True]


@pytest.mark.parametrize(
    ("tool", "files", "advice"),
    [
        ("prisma", {"1_a/migration.sql": f"{A}\n{CONCURRENTLY}"}, "run it alone in a migration of its own"),
        ("goose", {"1_a.sql": goose(f"{A}\n{CONCURRENTLY}")}, "run it in a file of its own, with the line: -- +goose NO TR"),
        ("dbmate", {"1_a.sql": dbmate(f"{A}\n{CONCURRENTLY}")}, "whose head is: -- migrate:up transaction:false"),
        ("flyway", {"V1__a.sql": f"{A}\n{CONCURRENTLY}"}, "Flyway runs it without a transaction"),
    ],
)
def test_where_it_cannot_the_tools_own_way_is_told(
    folder: Folder, tool: str, files: dict[str, str], advice: str
) -> None:
    result, _ = folder.upgrade(folder.history(tool, files))
    assert result.failure is not None
    assert advice in dict(result.failure.advice or ())["fix"]
    assert result.failure.source is not None
    assert result.failure.source.text == CONCURRENTLY


def test_the_statements_of_a_file_are_observed_with_their_lines(folder: Folder) -> None:
    second = "-- a comment\r\n\r\nALTER TABLE a\r\n  ADD COLUMN x int;\r\n/* more */ CREATE INDEX ix ON a (x);\r\n"
    history = folder.history("prisma", {"1_a/migration.sql": A, "2_b/migration.sql": second})
    up = folder.stairway(history, "2_b").up
    assert up is not None
    assert up.failure is None
    assert [(s.source.line, s.source.text, s.transaction) for s in up.statements if s.source] == [
        (3, "ALTER TABLE a", 1),
        (5, "/* more */ CREATE INDEX ix ON a (x);", 1),
    ]
    assert [lock.mode.label for s in up.statements for lock in s.acquired if lock.relation == "public.a"] == [
        "ACCESS EXCLUSIVE"
    ]
    assert up.statements[1].scans == ("public.a",)


def test_a_single_statement_is_observed_as_the_transaction_that_it_is(folder: Folder) -> None:
    history = folder.history("golang-migrate", {"1_a.up.sql": A, "2_b.up.sql": "CREATE INDEX ix ON a (id);"})
    up = folder.stairway(history, "2").up
    assert up is not None
    assert [(s.transaction, s.blocking_locks()[0].relation) for s in up.statements] == [(1, "public.a")]


def test_ways_back_are_run_and_their_residue_is_seen(folder: Folder) -> None:
    files = {"1_a.up.sql": A, "1_a.down.sql": "DROP TABLE a;", "2_b.up.sql": "CREATE TYPE t AS ENUM ('x');"}
    history = folder.history("golang-migrate", {**files, "2_b.down.sql": "SELECT 1;"})
    clean, left = folder.stairway(history, "1"), folder.stairway(history, "2")
    assert clean.down is not None
    assert clean.down.failure is None
    assert same(clean.down.after, clean.up.before)  # type: ignore[arg-type, union-attr]
    assert left.again is not None
    assert left.again.failure is not None
    assert left.again.failure.message == 'type "t" already exists'


def test_a_session_is_shared_in_one_shot_and_not_between_releases(folder: Folder) -> None:
    # As a dump does: pg_catalog.set_config('search_path', '', false).
    lost = "SELECT pg_catalog.set_config('search_path', '', false);"
    history = folder.history("golang-migrate", {"1_a.up.sql": lost, "2_b.up.sql": A})
    assert folder.stairway(history, "2").up.failure is None  # type: ignore[union-attr]
    result, _ = folder.upgrade(history)
    assert result.failure is not None
    assert result.failure.message.startswith("no schema has been selected to create in")


def test_a_repeatable_migration_must_run_twice(folder: Folder) -> None:
    files = {"V1__a.sql": A, "R__good.sql": "CREATE OR REPLACE VIEW v AS SELECT id FROM a;"}
    history = folder.history("flyway", {**files, "R__once.sql": "CREATE VIEW w AS SELECT id FROM a;"})
    assert folder.stairway(history, "R__good").up.failure is None  # type: ignore[union-attr]
    up = folder.stairway(history, "R__once").up
    assert up is not None
    assert up.failure is not None
    assert up.failure.message == 'relation "w" already exists'


def test_placeholders_come_from_the_configuration(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "CREATE TABLE ${flyway:defaultSchema}.${name} (${column} int);"
    (folder.path / "flyway.toml").write_text('[flyway.placeholders]\nname = "filled"\n')
    history = folder.history("flyway", {"V1__a.sql": text})
    result, _ = folder.upgrade(history)
    assert result.failure is not None
    assert (result.failure.message, result.failure.source.line) == (  # type: ignore[union-attr]
        "No value provided for placeholder: ${column}",
        1,
    )
    monkeypatch.setenv("FLYWAY_PLACEHOLDERS_COLUMN", "c")
    result, catalog = folder.upgrade(folder.open("flyway", folder.path / "m"))
    assert result.failure is None
    assert tables(catalog) == {"filled"}


def test_a_verify_script_that_fails_fails_the_upgrade(folder: Folder) -> None:
    files = {"sqitch.plan": "a x\n", "deploy/a.sql": A, "verify/a.sql": "SELECT missing FROM a WHERE false;"}
    up = folder.stairway(folder.history("sqitch", files), "a").up
    assert up is not None
    assert up.failure is not None
    assert up.failure.source is not None
    assert up.failure.source.path.endswith("verify/a.sql")


def test_a_constraint_that_is_checked_at_the_end_fails_its_migration(folder: Folder) -> None:
    table = "CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES c DEFERRABLE INITIALLY DEFERRED);"
    history = folder.history("dbmate", {"1_a.sql": dbmate(f"{table}\nINSERT INTO c VALUES (1, 9);")})
    result, catalog = folder.upgrade(history)
    assert result.failure is not None
    assert (result.failure.kind, tables(catalog)) == ("ForeignKeyViolation", set())
