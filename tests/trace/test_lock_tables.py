"""The tracer reports what was measured: every statement form of the lock tables, on PostgreSQL 15 and 18.

``data/`` holds, for each form, the strongest lock on each relation that was there before, the tables that were
read and those that were rewritten, as sessions beside the statement saw them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.statement import Statement, StatementError
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.ladder import start_server
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.sql.statements import is_utility, only_truncates
from pytest_migcheck.trace.recorder import Recorder

RUNGS = {15: "local", 18: "embedded"}
# The counter of scans rises for a table without rows, too; the tables were filled in as tuples read.
READS_AN_EMPTY_TABLE = {
    "create-index-empty-table": {"t"},
    "add-column-not-null-no-default-empty": {"t"},
}
# Measured on 18.4; since 18.5 a new key keeps the weakest of locks on the index of the referenced table.
SINCE_18_5 = {
    "add-column-references-no-default": {"parent_pkey": "ACCESS SHARE"},
    "add-fk-not-valid": {"parent_pkey": "ACCESS SHARE"},
    "add-fk-not-enforced": {"parent_pkey": "ACCESS SHARE"},
    "add-fk-self": {"t_pkey": "ACCESS SHARE"},
    "add-fk-partitioned-not-valid": {"parent_pkey": "ACCESS SHARE"},
    "create-table-with-fk": {"parent_pkey": "ACCESS SHARE"},
}


@cache
def lock_table(major: int) -> dict[str, Any]:
    path = Path(__file__).parent / "data" / f"locks_pg{major}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _forms(*, transactional: bool) -> list[object]:
    return [
        pytest.param(major, form, id=f"{major}-{form['id']}")
        for major in RUNGS
        for form in lock_table(major)["forms"]
        if form["transactional"] is transactional
    ]


class Databases:
    """The databases of one server, one for each preparation."""

    def __init__(self, server: Server, major: int) -> None:
        self.server = server
        self._setups = lock_table(major)["setups"]
        self._made: dict[str, Database] = {}
        with server.connect() as connection:
            # A table that is analysed while it is filled is small to the planner, which then reads all of it.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")

    def prepared(self, setup: str) -> Database:
        if setup not in self._made:
            self._made[setup] = self.fresh(setup)
        return self._made[setup]

    def copy(self, setup: str) -> Database:
        """A copy that a statement may spoil."""
        template = self.prepared(setup)
        self.server.create_database("locks_spoilt", template.name)
        return Database(self.server, "locks_spoilt")

    def fresh(self, setup: str) -> Database:
        name = f"locks_{len(self._made)}_{setup}"
        self.server.create_database(name)
        with self.server.connect(name) as connection:
            connection.execute(self._setups[setup].encode())
        return Database(self.server, name)


@pytest.fixture(scope="module")
def databases() -> Iterator[dict[int, Databases]]:
    servers: dict[int, Databases] = {}
    for major, rung in RUNGS.items():
        try:
            server = start_server(rung)
        except MigcheckError:
            continue
        if server.version_num // 10000 == major:
            servers[major] = Databases(server, major)
        else:
            server.stop()
    yield servers
    for made in servers.values():
        made.server.stop()


def _traced(connection: psycopg.Connection[Any], sql: str, before: str | None) -> Statement:
    recorder = Recorder(lambda _path: False, is_utility, only_truncates)
    recorder.open_step(observing=True)
    for text in filter(None, (before, sql)):
        recorder.before(connection, autocommit=connection.autocommit)
        try:
            connection.execute(text.encode())
        except psycopg.Error as error:
            failure = StatementError(sqlstate=error.sqlstate, kind=type(error).__name__, message=str(error))
            recorder.failed(text, failure, autocommit=connection.autocommit)
        else:
            recorder.after(connection, text, autocommit=connection.autocommit)
    return recorder.close_step()[-1]


@pytest.mark.parametrize(("major", "form"), _forms(transactional=True))
def test_a_statement_in_a_transaction(major: int, form: dict[str, Any], databases: dict[int, Databases]) -> None:
    if major not in databases:
        pytest.skip(f"no PostgreSQL {major} here")
    database = databases[major].prepared(form["setup"])
    with database.connect() as connection:
        connection.autocommit = False
        statement = _traced(connection, form["statement"], form["pre"])
        connection.rollback()
    assert (statement.error.sqlstate if statement.error else None) == form["error"]
    if form["error"] is None:
        locks = {_bare(lock.relation): lock.mode.label for lock in statement.held if lock.preexisting}
        assert locks == {**form["locks"], **_later(form["id"], databases[major].server)}
        assert _bare_set(statement.scans) - _bare_set(statement.created) == {*form["scans"]} | READS_AN_EMPTY_TABLE.get(
            form["id"], set()
        )
        assert _bare_set(statement.rewrites) == {*form["rewrites"]}


def _worked(*, transactional: bool) -> list[object]:
    """Forms that read or rewrite a table, without those that only change rows."""
    return [
        pytest.param(major, form, id=f"{major}-{form['id']}")
        for major in RUNGS
        for form in lock_table(major)["forms"]
        if form["transactional"] is transactional and (form["scans"] or form["rewrites"]) and not form["pre"]
    ]


@pytest.mark.parametrize(("major", "form"), [*_worked(transactional=True), *_worked(transactional=False)])
def test_a_statement_in_autocommit(major: int, form: dict[str, Any], databases: dict[int, Databases]) -> None:
    if major not in databases:
        pytest.skip(f"no PostgreSQL {major} here")
    database = databases[major].copy(form["setup"])
    with database.connect() as connection:
        statement = _traced(connection, form["statement"], None)
    database.drop()
    assert (statement.error.sqlstate if statement.error else None) == form["error"]
    if form["error"] is None:
        assert _bare_set(statement.scans) - _bare_set(statement.created) == {*form["scans"]}
        assert _bare_set(statement.rewrites) == {*form["rewrites"]}


def _later(form: str, server: Server) -> dict[str, str]:
    return SINCE_18_5.get(form, {}) if server.version_num > 180004 else {}


def _bare(relation: str) -> str:
    return relation.removeprefix("public.")


def _bare_set(relations: tuple[str, ...]) -> set[str]:
    return {_bare(relation) for relation in relations}
