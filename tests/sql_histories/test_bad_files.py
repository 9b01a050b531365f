"""Files that are not what they should be: a clear message, or it just works."""

from __future__ import annotations

import sys
import textwrap

import pytest

from sql_history_folder import Folder, tables

DUMP = r"""\restrict token
SET check_function_bodies = false;
CREATE TABLE public.a (id bigint, t text);
COPY public.a (id, t) FROM stdin;
1	one; two
2	it's \\ three
\.

CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '
\connect inside
' $$;
\unrestrict token
"""


def failure(folder: Folder, tool: str, files: dict[str, str | bytes]) -> tuple[str, int, str]:
    result, _ = folder.upgrade(folder.history(tool, files))
    assert result.failure is not None
    assert result.failure.source is not None
    return result.failure.message, result.failure.source.line, dict(result.failure.advice or ()).get("fix", "")


def test_a_dump_is_run_as_psql_runs_it(folder: Folder) -> None:
    history = folder.history(
        "sql", {"1_dump.sql": b"\xef\xbb\xbf" + DUMP.encode(), "2_rows.sql": "SELECT 1/(2 - count(*)) FROM a;"}
    )
    message, line, _ = failure(folder, "sql", {})
    assert (message, line) == ("division by zero", 1)
    assert [migration.id for migration in history.layout.migrations] == ["1_dump", "2_rows"]


def test_scripts_of_psql_may_include_others_and_have_variables(folder: Folder) -> None:
    files = {
        "sqitch.plan": "a x\n",
        "deploy/a.sql": "\\set ON_ERROR_STOP on\n\\set name shelf\nBEGIN;\n\\ir ../part.sql\nCREATE TABLE :name (s text DEFAULT :'name');\nCOMMIT;\n",
        "part.sql": "CREATE TABLE part (id int);\n",
    }
    result, catalog = folder.upgrade(folder.history("sqitch", files))
    assert result.failure is None
    assert tables(catalog) == {"part", "shelf"}
    assert [(s.source.path.rpartition("/")[2], s.source.line) for s in result.statements if s.source] == [
        ("part.sql", 1),
        ("a.sql", 5),
    ]


@pytest.mark.parametrize(
    ("tool", "files", "message", "line", "fix"),
    [
        (
            "prisma",
            {"1_a/migration.sql": b"\xef\xbb\xbfSELECT 1;"},
            "the file begins with a byte order mark, which Prisma sends to PostgreSQL: a syntax error",
            1,
            "save it as UTF-8 without a byte order mark",
        ),
        (
            "golang-migrate",
            {"1_a.up.sql": "SELECT 1;\n-- Füße\n".encode("latin-1")},
            "the file is not UTF-8: byte 0xFC in line 2",
            2,
            "convert it to UTF-8: iconv -f LATIN1 -t UTF-8 1_a.up.sql (with the encoding that it has)",
        ),
        (
            "sql",
            {"1_a.sql": "SELECT 1;".encode("utf-16")},
            "the file is UTF-16, and SQL files reads UTF-8",
            1,
            "convert it to UTF-8: iconv -f UTF-16 -t UTF-8 1_a.sql (with the encoding that it has)",
        ),
        (
            "sql",
            {"1_a.sql": "SELECT 1;\n\\connect other\n"},
            "\\connect is a command of psql that pytest-migcheck does not follow",
            2,
            "write the statement out, or take the line into a script that is no migration; every history has a database "
            "of its own here",
        ),
        (
            "golang-migrate",
            {"1_a.up.sql": "SELECT '\n\\x';\n\\connect other\n"},
            "\\connect is a command of psql; golang-migrate sends it to PostgreSQL, which does not know it",
            3,
            "take the line out: \\connect other",
        ),
        (
            "dbmate",
            {"1_a.sql": "-- migrate:up\nCREATE TABLE a (t text);\nCOPY a FROM stdin;\none\n\\.\n-- migrate:down\n"},
            "COPY ... FROM stdin with its data is for psql; dbmate sends the lines of data to PostgreSQL as SQL",
            3,
            "write the rows as INSERT statements",
        ),
        (
            "goose",
            {"1_a.sql": "-- +goose Up\nCREATE TABLE a (id int)\n-- +goose Down\n"},
            "the statement that begins in line 2 does not end with a semicolon at the end of a line",
            2,
            "end it so; what holds semicolons itself belongs between `-- +goose StatementBegin` and "
            "`-- +goose StatementEnd`",
        ),
        (
            "goose",
            {"1_a.sql": "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a (id int);\n-- +goose Down\n"},
            "`-- +goose StatementBegin` without its `-- +goose StatementEnd`",
            3,
            "put `-- +goose StatementEnd` on the line after the statement",
        ),
        (
            "dbmate",
            {"1_a.sql": "-- migrate:up\nSELECT 1;\n"},
            "dbmate requires each migration to define `-- migrate:down`, and stops",
            1,
            "put `-- migrate:down` in; what has no way back has nothing below it, and migcheck_irreversible names it",
        ),
        ("sql", {"1_a.sql": "\nSELECT\n  1 +\n  ;"}, "syntax error at end of input", 2, ""),
    ],
)
def test_what_cannot_run_is_told_with_its_line(
    folder: Folder, tool: str, files: dict[str, str | bytes], message: str, line: int, fix: str
) -> None:
    said = failure(folder, tool, files)
    assert (said[0].splitlines()[0], *said[1:]) == (message, line, fix)


def test_goose_cuts_a_function_where_nobody_told_it_not_to(folder: Folder) -> None:
    up = "-- +goose Up\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND $$;\n"
    message, line, _ = failure(folder, "goose", {"1_a.sql": up})
    assert message.startswith("unterminated dollar-quoted string at or near")
    assert line == 2


def test_line_ends_of_windows_and_comments_alone_just_work(folder: Folder) -> None:
    journal = '\ufeff{"entries":\r\n [{"idx": 0, "tag": "0_a", "when": 1}, {"idx": 1, "tag": "1_b", "when": 2}]}'
    sql = "CREATE TABLE a (id int);\r\n--> statement-breakpoint\r\nCREATE TABLE b (id int);\r\n"
    files = {"meta/_journal.json": journal, "0_a.sql": sql, "1_b.sql": "-- Custom SQL migration file\r\n"}
    result, catalog = folder.upgrade(folder.history("drizzle", files))
    assert result.failure is None
    assert tables(catalog) == {"a", "b"}
    assert [s.source.line for s in result.statements if s.source] == [1, 3]
    goose = "-- +goose Up\r\nCREATE TABLE g (id int);\r\n-- +goose Down\r\nDROP TABLE g;\r\n"
    assert tables(folder.upgrade(folder.history("goose", {"1_g.sql": goose}, "g"))[1]) == {"g"}


def test_a_folder_that_is_called_like_a_file_is_none(pytester: pytest.Pytester, migcheck) -> None:
    for name in ("db/migrations", "1_old.sql", "db/migrations/3_c.sql", "db/migrations/V1__a.sql"):
        (pytester.path / name).mkdir(parents=True)
    (pytester.path / "db/migrations/1_a.sql").write_text("-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n")
    migcheck("--migcheck-checks=stairway").assert_outcomes(passed=1)


def test_a_folder_that_nobody_may_list_holds_no_history(pytester: pytest.Pytester) -> None:
    for name in ("pgdata", "service/data"):
        (pytester.path / name).mkdir(parents=True)
        (pytester.path / name).chmod(0o000)
    pytester.path.chmod(0o755)
    script = """
        import os, pathlib
        from pytest_migcheck.history.folders import project_folders
        if os.geteuid() == 0:
            os.setuid(65534)
        print(*project_folders(pathlib.Path(".")))
    """
    result = pytester.run(sys.executable, "-c", textwrap.dedent(script))
    assert result.outlines == [". service"]
