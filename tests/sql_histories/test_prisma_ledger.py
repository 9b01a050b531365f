"""A dump that a Prisma history starts from holds what was applied, edited since, or failed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sql_history_folder import Folder, tables

ROW = (
    "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at) "
    "VALUES ('{id}', '{checksum}', {finished}, '{name}', {rolled});"
)
A, B = "CREATE TABLE a (id int);", "CREATE TABLE b (id int);"


def started_from(folder: Folder, *rows: str):
    history = folder.history("prisma", {"1_a/migration.sql": A, "2_b/migration.sql": B})
    init = folder.path / "dump.sql"
    ledger = history.layout.ledger
    assert ledger is not None
    init.write_text(f"{ledger.create};\n{A}\n" + "\n".join(rows))
    history._options = replace(history._options, init=(init,))
    return history


def row(name: str, sql: str, finished: str = "now()", rolled: str = "NULL") -> str:
    made = hashlib.sha256(sql.encode()).hexdigest()
    return ROW.format(id=f"{name} {finished} {rolled}", checksum=made, finished=finished, name=name, rolled=rolled)


def test_what_is_applied_is_not_run_again(folder: Folder) -> None:
    history = started_from(folder, row("1_a", A, "NULL", "now()"), row("1_a", A))
    result, catalog = folder.upgrade(history)
    assert result.failure is None
    assert tables(catalog) == {"a", "b"}
    assert [statement.sql for statement in result.statements] == [B.rstrip(";")]
    assert history.upgrade_notes() == ()


def test_a_file_that_was_edited_after_it_was_applied_is_told(folder: Folder) -> None:
    history = started_from(folder, row("1_a", "CREATE TABLE a ();"))
    assert folder.upgrade(history)[0].failure is None
    (note,) = history.upgrade_notes()
    assert note.startswith("1_a was edited after it was applied: its checksum is not the one in the database")


def test_a_failed_mark_stops_everything(folder: Folder) -> None:
    result, catalog = folder.upgrade(started_from(folder, row("1_a", A, "NULL")))
    assert result.failure is not None
    assert "holds 1_a as failed: Prisma runs nothing until that is resolved (P3009)" in result.failure.message
    assert tables(catalog) == {"a"}
