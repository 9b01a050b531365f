"""Folders of SQL in whole runs: found beside each other, each in its own database, in the items, reports and fixtures."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from history_project import Project

INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
PLAIN = {
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"',
    "prisma/migrations/1_init/migration.sql": 'CREATE TABLE "User" (id bigint PRIMARY KEY, email text NOT NULL);',
    "prisma/migrations/2_index/migration.sql": '-- CreateIndex\nCREATE INDEX ix_email ON "User" (email);',
    "prisma/migrations/3_more/migration.sql": '-- migcheck: ignore[MC101] a small table\nCREATE INDEX ix ON "User" (id);',
    "drizzle/meta/_journal.json": '{"entries": [{"idx": 0, "tag": "0000_a", "when": 1}]}',
    "drizzle/0000_a.sql": "CREATE TABLE a (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), t text);",
    "drizzle.sql": "CREATE TABLE a (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), t varchar(20));",
    "init.sql": 'CREATE EXTENSION "uuid-ossp";\nCREATE TABLE shared (id int);',
    "svc/db/migrations/01_a.up.sql": "CREATE TABLE a (id int);",
    "svc/db/migrations/01_a.down.sql": "DROP TABLE a;",
    "pytest.ini": INI + "migcheck_init = drizzle:init.sql\nmigcheck_declared = drizzle: drizzle.sql\n",
}


def write(path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(textwrap.dedent(text))


def test_several_histories_run_beside_alembic_each_in_its_own_database(
    pytester: pytest.Pytester, project: Project, migcheck
) -> None:
    project.sql("a1", "CREATE TABLE a (id int)", "DROP TABLE a")
    write(pytester.path, PLAIN)
    migcheck("-v", "-n2", "--migcheck-report=json:r.json").assert_outcomes(failed=2, passed=23, skipped=9)
    report = json.loads((pytester.path / "r.json").read_text())
    assert [(h["name"], h["kind"], h["revisions"]) for h in report["histories"]] == [
        ("alembic.ini", "alembic", 1),
        ("prisma/migrations", "prisma", 3),
        ("drizzle", "drizzle", 1),
        ("svc/db/migrations", "sql", 1),
    ]
    outcomes = {check["node"]: check["outcome"] for check in report["checks"]}
    assert {node for node, outcome in outcomes.items() if outcome == "failed"} == {
        "prisma/migrations/2_index/migration.sql::locks",
        "drizzle/meta/_journal.json::drift",
    }
    assert outcomes["svc/db/migrations/01_a.up.sql::stairway"] == "passed"
    assert outcomes["prisma/migrations/1_init/migration.sql::stairway"] == "skipped"
    errors = [f for f in report["findings"] if f["severity"] == "error" and not f["suppressed"]]
    silenced = [f for f in report["findings"] if f["suppressed"]]
    assert [(f["path"], f["suppressed"]) for f in silenced] == [
        ("prisma/migrations/3_more/migration.sql", {"by": "comment", "reason": "a small table"})
    ]
    assert [(f["rule"], f["path"], f["line"], f["sql"] or f["object"]) for f in errors] == [
        (
            "create-index-not-concurrent",
            "prisma/migrations/2_index/migration.sql",
            2,
            'CREATE INDEX ix_email ON "User" (email)',
        ),
        ("drift", "drizzle.sql", 1, "public.a.t"),
    ]
    again = migcheck("prisma/migrations/2_index/migration.sql::locks")
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(
        [
            "migcheck: prisma/migrations → Prisma (3 migrations, last 3_more)",
            "migcheck: drizzle → Drizzle (1 migration, last 0000_a)",
            "migcheck: svc/db/migrations → golang-migrate (1 migration, last 01)",
        ]
    )
    again.stdout.fnmatch_lines(["*fix     -- outside of a transaction (alone in a migration of its own: *"])
    assert "op." not in again.stdout.str()


def test_what_a_commit_in_a_file_leaves_is_told_when_the_rest_fails(pytester: pytest.Pytester, migcheck) -> None:
    text = "-- migrate:up\nCREATE TABLE a (id bigint);\nCOMMIT;\nSELECT 1/0;\n-- migrate:down\n"
    write(pytester.path, {"db/migrations/1_a.sql": text})
    result = migcheck("--migcheck-checks=stairway,locks")
    result.stdout.fnmatch_lines(
        [
            "  before  COMMIT at db/migrations/1_a.sql:3 had ended the transaction: what was committed by then stays",
            "MC139 * behind the back of dbmate",
        ]
    )
    assert "Alembic" not in result.stdout.str()


def test_bad_settings_are_one_clear_error(pytester: pytest.Pytester, migcheck) -> None:
    write(pytester.path, {**PLAIN, "pytest.ini": INI + "migcheck_histories = prisma:prisma/migrations gose:db\n"})
    for args, said in (
        ((), "'gose:db' is not TOOL:PATH. Did you mean 'goose:db'?"),
        (("-o", "migcheck_histories=sql:nowhere"), "migcheck_histories: 'sql:nowhere': there is no"),
        (
            ("-o", "migcheck_histories=drizzle:drizzle", "-o", "migcheck_init=x:init.sql"),
            "'x' is not a history. Valid: drizzle",
        ),
        (("-o", "migcheck_histories=drizzle:drizzle", "-o", "migcheck_init=none.sql"), "'none.sql': there is no file"),
    ):
        result = pytester.runpytest("--migcheck", *args)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*{said}*"])
        assert "Traceback" not in result.stderr.str()


def test_a_test_of_the_users_gets_a_migrated_copy_and_a_new_file_is_noticed(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(
        pytester.path,
        {
            "db/migrations/1_a.sql": "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n",
            "test_it.py": """
                def columns(connection):
                    query = "SELECT attname FROM pg_attribute WHERE attrelid = 'a'::regclass AND attnum > 0"
                    return [row[0] for row in connection.execute(query)]

                def test_copy(migcheck_db, migcheck_stepper):
                    with migcheck_db.server.connect(migcheck_db.name) as connection:
                        print("columns", *columns(connection))
                        print("versions", *connection.execute("SELECT version FROM schema_migrations").fetchall())
                    migcheck_stepper.before("1")
                    migcheck_stepper.upgrade()
                    with migcheck_stepper.connect() as connection:
                        assert columns(connection) == ["id"]
                """,
            "pytest.ini": INI,
        },
    )

    def run() -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rA", "-s")

    run().stdout.fnmatch_lines(["*columns id", "*versions ('1',)", "*template of db/migrations: migrated*"])
    run().stdout.fnmatch_lines(["*template of db/migrations: *from the cache*"])
    text = "-- migrate:up\nALTER TABLE a ADD COLUMN x int;\n-- migrate:down\nALTER TABLE a DROP COLUMN x;\n"
    write(pytester.path, {"db/migrations/2_b.sql": text})
    run().stdout.fnmatch_lines(["*columns id x", "*template of db/migrations: *migrated*"])


def test_lost_rows_are_told_at_the_file_of_the_way_back(pytester: pytest.Pytester, migcheck) -> None:
    write(
        pytester.path,
        {
            "migrations/01_notes.up.sql": "CREATE TABLE notes (id int PRIMARY KEY, body text);",
            "migrations/01_notes.down.sql": "DROP TABLE notes;",
            "migrations/02_more.up.sql": "CREATE TABLE more (id int);",
            "migrations/02_more.down.sql": "DROP TABLE more;\nDO $$ BEGIN EXECUTE 'DELETE FROM no' || 'tes'; END $$;",
        },
    )
    migcheck("--migcheck-checks=data", "--migcheck-report=json:r.json").assert_outcomes(passed=1, failed=1)
    (finding,) = json.loads((pytester.path / "r.json").read_text())["findings"]
    assert (finding["rule"], finding["direction"]) == ("rows-lost", "downgrade")
    assert finding["path"] == "migrations/02_more.down.sql"
