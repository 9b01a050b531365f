"""What goes wrong around a migration is told where it comes from, with what to do."""

from __future__ import annotations

import psycopg
import pytest

from history_project import ENV_PY, INI, Project
from pytest_migcheck.postgres.extensions_known import extension_of, missing_advice

STATEMENT_BEFORE = """
from alembic import context
import sqlalchemy as sa

with sa.create_engine("postgresql://u@localhost/x").connect() as connection:
    connection.execute(sa.text("SELECT 1"))
    {commit}
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    {after}
"""
CAUGHT = """
op.execute("CREATE TABLE t ()")
try:
    op.execute("DROP TABLE nowhere")
except Exception:
    pass
"""


def failure(result: pytest.RunResult, item: str) -> list[str]:
    """The lines of one failed item."""
    lines = [line for line in result.outlines if line]
    start = next(number for number, line in enumerate(lines) if line.startswith("____") and line.strip("_ ").endswith(item))
    return [line for line in lines[start + 1 :] if line[0] not in "_="][: _end(lines[start + 1 :])]


def _end(lines: list[str]) -> int:
    return next(number for number, line in enumerate(lines) if line[0] in "_=")


def test_a_transaction_that_is_begun_before_configure(project: Project, migcheck) -> None:
    project.write("migrations/env.py", STATEMENT_BEFORE.format(commit="", after=""))
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    project.sql("b2", "CREATE TABLE u ()", "DROP TABLE u")
    project.write("test_it.py", "def test_it(migcheck_db):\n    pass\n")
    result = migcheck()
    result.assert_outcomes(failed=2, errors=1, passed=1, skipped=7)
    message = (
        "env.py begins a transaction before context.configure(), so Alembic leaves the commit to env.py, which does not "
        "commit: all that the migrations did is rolled back"
    )
    assert failure(result, "a1 a change: stairway") == [
        f"MC002 upgrade-fails: upgrading a1 fails: {message}",
        "  migrations/env.py:7",
        "  7 |     context.configure(connection=connection)",
        f"  error   NotCommitted: {message}",
        "  steps   up ✗",
        "  fix     what env.py executes before context.configure() begins a transaction: end it there",
        "          connection.commit()",
        "  again   pytest --migcheck 'migrations/versions/a1.py::stairway'",
    ]


@pytest.mark.parametrize(("commit", "after"), [("connection.commit()", ""), ("", "connection.commit()"),
    ("", "connection.connection.dbapi_connection.commit()")])  # fmt: skip
def test_a_transaction_that_env_py_ends_itself(project: Project, migcheck, commit: str, after: str) -> None:
    project.write("migrations/env.py", STATEMENT_BEFORE.format(commit=commit, after=after))
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    project.sql("b2", "CREATE TABLE u ()", "DROP TABLE u")
    migcheck("--migcheck-checks=stairway,upgrade,roundtrip").assert_outcomes(passed=4)


def test_an_autocommit_block_in_a_transaction_of_env_py(project: Project, migcheck) -> None:
    project.write("migrations/env.py", STATEMENT_BEFORE.format(commit="", after="connection.commit()"))
    project.revision("a1", "with op.get_context().autocommit_block():\n    op.execute('CREATE TABLE t ()')", "pass")
    result = migcheck("--migcheck-checks=upgrade")
    assert failure(result, "alembic.ini: upgrade") == [
        "MC002 upgrade-fails: upgrading an empty database to the heads in one shot fails at a1: "
        "AssertionError in with op.get_context().autocommit_block():",
        "  migrations/versions/a1.py:11",
        "  11 |     with op.get_context().autocommit_block():",
        "  error   AssertionError in with op.get_context().autocommit_block():",
        "  fix     autocommit_block() ends the transaction that Alembic began, and here env.py began one before "
        "context.configure(): end it there",
        "          connection.commit()",
        "  again   pytest --migcheck 'migrations/env.py::upgrade'",
    ]


@pytest.mark.parametrize("more", ["", "op.execute('CREATE TABLE u ()')"])
def test_an_error_that_the_migration_catches(project: Project, migcheck, more: str) -> None:
    project.revision("a1", f"{CAUGHT}{more}", "op.execute('DROP TABLE t')")
    result = migcheck("--migcheck-checks=stairway")
    assert failure(result, "a1 a change: stairway")[:4] == [
        'MC002 upgrade-fails: upgrading a1 fails: table "nowhere" does not exist',
        "  migrations/versions/a1.py:13",
        '  13 |         op.execute("DROP TABLE nowhere")',
        "  sql     DROP TABLE nowhere",
    ]
    result.stdout.fnmatch_lines(["  fix     the migration catches this error, *", "*begin_nested():"])


def test_an_error_that_a_savepoint_takes_back(project: Project, migcheck) -> None:
    project.revision(
        "a1",
        """
        try:
            with op.get_bind().begin_nested():
                op.execute("DROP TABLE nowhere")
        except Exception:
            pass
        try:
            op.execute("DROP TABLE elsewhere")
        except Exception:
            pass
        op.execute("CREATE TABLE t ()")
        """,
    )
    migcheck("--migcheck-checks=stairway").stdout.fnmatch_lines(['*upgrading a1 fails: table "elsewhere" does not exist'])


@pytest.mark.parametrize(
    "statement", ["DROP TABLE alembic_version", "TRUNCATE alembic_version", "ALTER TABLE alembic_version RENAME TO x",
        "ALTER TABLE alembic_version RENAME version_num TO v", "DELETE FROM public.alembic_version"]
)  # fmt: skip
def test_a_statement_that_takes_the_version_table_away(project: Project, migcheck, statement: str) -> None:
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    project.sql("b2", statement, "SELECT 1")
    result = migcheck("--migcheck-checks=stairway,upgrade")
    assert result.outlines.count(f"  sql     {statement}") == 2
    assert sum("  fix     leave alembic_version to Alembic" in line for line in result.outlines) == 2


def test_a_downgrade_that_drops_the_schema_of_the_version_table(project: Project, migcheck) -> None:
    project.env(configure=', version_table_schema="shop"')
    env = (project.path / "migrations/env.py").read_text()
    made = "        connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS shop')\n        connection.commit()\n"
    project.write("migrations/env.py", env.replace("        context.configure", f"{made}        context.configure"))
    project.sql("a1", "CREATE TABLE shop.t ()", "DROP SCHEMA shop CASCADE")
    result = migcheck("--migcheck-checks=stairway")
    assert failure(result, "a1 a change: stairway")[1:4] == [
        "  migrations/versions/a1.py:15  downgrade()",
        "  15 |     op.execute('DROP SCHEMA shop CASCADE')",
        "  sql     DROP SCHEMA shop CASCADE",
    ]
    result.stdout.fnmatch_lines(["  fix     leave shop.alembic_version to Alembic, * so keep the schema, *"])


def test_what_env_py_runs_on_its_way_out_makes_no_downgrade_a_failure(project: Project, migcheck) -> None:
    project.write(
        "migrations/env.py",
        """
        from alembic import context
        import sqlalchemy as sa

        with sa.create_engine("postgresql://u@localhost/x").connect() as connection:
            context.configure(connection=connection)
            try:
                with context.begin_transaction():
                    context.execute("SELECT pg_advisory_lock(1)")
                    context.run_migrations()
            finally:
                connection.rollback()
                connection.execute(sa.text("SELECT pg_advisory_unlock(1)"))
                connection.commit()
        """,
    )
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    project.revision("b2", "op.execute('CREATE TABLE u ()')", 'raise NotImplementedError("no way back")')
    migcheck("--migcheck-checks=stairway,roundtrip").assert_outcomes(passed=1, skipped=2)


def test_a_default_that_has_no_cast(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (x e DEFAULT 'a')", "DROP TABLE t; DROP TYPE e")
    up = "ALTER TABLE t ALTER x DROP DEFAULT; ALTER TABLE t ALTER x TYPE text; ALTER TABLE t ALTER x SET DEFAULT 'a'"
    project.sql("b2", up, "ALTER TABLE t ALTER x TYPE e USING x::e")
    result = migcheck("--migcheck-checks=roundtrip")
    assert failure(result, "alembic.ini: roundtrip")[5:9] == [
        "  fix     the default has the old type: drop it, change the type, set it again",
        '          op.execute("ALTER TABLE t ALTER COLUMN x DROP DEFAULT")',
        "          op.execute('ALTER TABLE t ALTER x TYPE e USING x::e')",
        '          op.execute("ALTER TABLE t ALTER COLUMN x SET DEFAULT ...")',
    ]


def test_a_second_root(project: Project, migcheck) -> None:
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    project.sql("b1", "CREATE TABLE t ()", "DROP TABLE t", parents=None)
    migcheck("--migcheck-checks=upgrade").stdout.fnmatch_lines(["  fix     a1.py has no revision before it. *migcheck_target = *"])


def test_a_configuration_without_revisions(project: Project, migcheck) -> None:
    result = migcheck()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.lines[-4:-1] == [
        "ERROR: migcheck: alembic.ini: this history has no revision",
        f"looked into: {project.path / 'migrations' / 'versions'}",
        'what to do: alembic revision --autogenerate -m "...", or correct version_locations or script_location',
    ]


def test_arguments_of_the_command_line(project: Project, migcheck) -> None:
    asks = "from alembic import context\nassert context.get_x_argument(as_dictionary=True)['tenant'] == 'a'\n"
    project.write("migrations/env.py", asks + ENV_PY.format(metadata="target_metadata = None", configure=""))
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    migcheck("--migcheck-checks=upgrade").stdout.fnmatch_lines(["what to do: *: migcheck_x = tenant=VALUE"])
    project.write("pytest.ini", "[pytest]\nmigcheck_x = tenant=a region=b\n")
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


CONFIG_HOOK = """
from alembic.config import Config

def pytest_migcheck_alembic_config():
    return Config({path!r})
"""


def test_a_configuration_of_a_hook_stays_as_it_is(project: Project, migcheck) -> None:
    asks = "from alembic import context\nassert context.config.cmd_opts is None\n"
    project.write("migrations/env.py", asks + ENV_PY.format(metadata="target_metadata = None", configure=""))
    project.write("conftest.py", CONFIG_HOOK.format(path="alembic.ini"))
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


def test_a_relative_location_of_a_hook_lies_beside_its_file(project: Project, migcheck) -> None:
    (project.path / "alembic.ini").unlink()
    project.write("sub/alembic.ini", INI.replace("%(here)s/", "").replace("prepend_sys_path = .\n", ""))
    (project.path / "migrations").rename(project.path / "sub" / "migrations")
    project.write("conftest.py", CONFIG_HOOK.format(path="sub/alembic.ini"))
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t", folder="sub/migrations/versions")
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


def test_an_ini_file_without_a_url(project: Project, migcheck) -> None:
    project.write("alembic.ini", "\n".join(line for line in INI.splitlines() if "sqlalchemy.url" not in line))
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    migcheck("--migcheck-checks=upgrade").assert_outcomes(passed=1)


def test_a_configuration_that_is_made_in_code(project: Project, migcheck) -> None:
    (project.path / "alembic.ini").unlink()
    project.sql("a1", "CREATE TABLE t ()", "DROP TABLE t")
    result = migcheck()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        "for migrations/env.py, whose configuration is made in code: return it from the hook "
        "pytest_migcheck_alembic_config in the root conftest.py" in result.stderr.lines
    )


@pytest.mark.parametrize(("statement", "said"), [
    ("CREATE TABLE t (g geometry)", "extension postgis"),
    ("CREATE TABLE t (g citext)", "extension citext"),
    ("CREATE TABLE t (g text); CREATE INDEX i ON t USING gin (g gin_trgm_ops)", "extension pg_trgm"),
    ("SELECT uuid_generate_v4()", "extension uuid-ossp"),
    ("SELECT crypt('a', 'b')", "extension pgcrypto"),
    ("CREATE TABLE t (g int); CREATE INDEX i ON t USING gin (g)", "extension btree_gin"),
    ("CREATE TABLE t (g int, EXCLUDE USING gist (g WITH =))", "extension btree_gist"),
    ("CREATE EXTENSION postgis", "lacks the extension postgis"),
])  # fmt: skip
def test_what_the_server_lacks_is_named(server, statement: str, said: str) -> None:
    with server.connect() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(statement)
    advice = missing_advice(str(caught.value), "from the hook pytest_migcheck_prepare")
    assert advice is not None and said in advice


def test_a_server_without_icu_is_named() -> None:
    advice = missing_advice('collation "ru-RU-x-icu" for encoding "UTF8" does not exist', "")
    assert advice is not None and advice.startswith("the server that was taken is built without ICU; one that has it: ")


def test_what_no_extension_has_is_not_named() -> None:
    assert extension_of('type "order_state" does not exist') is None
    assert extension_of('relation "geometry" does not exist') is None
    assert missing_advice('column "geometry" does not exist', "") is None
