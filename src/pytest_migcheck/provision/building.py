"""Build a migrated template in a server, and say what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_migcheck.core.finding import Direction
from pytest_migcheck.core.outcome import MigcheckError
from pytest_migcheck.core.step import StepFailure
from pytest_migcheck.history.source import History
from pytest_migcheck.postgres.database_set import DatabaseSet
from pytest_migcheck.postgres.extensions_known import missing_extension, server_with
from pytest_migcheck.postgres.server import Server
from pytest_migcheck.provision.points import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A template's name on its server, and the SQL that made it."""

    name: str
    statements: tuple[str, ...]


class SeveralDatabasesError(MigcheckError):
    """The history migrates more than the one database that a template holds."""


def build_template(server: Server, history: History, point: Point, name: str, *, whole: bool = False) -> Built:
    """Migrate a new database to the point and close it, so that it can be copied; nobody else may build it now.

    Raises:
        MigcheckError: a migration fails, with the revision and where.
        SeveralDatabasesError: the template must be the ``whole`` state, and there are other databases.
    """
    databases = DatabaseSet(server, "template")
    try:
        history.prepare(databases)
        statements = migrate_to(history, databases, point)
        if whole and len(databases.databases) > 1:
            raise SeveralDatabasesError(f"{history.name} migrates {len(databases.databases)} databases")
        databases.wait_until_unused()
        unique = server.close_as_template(databases.main, name)
    except BaseException:
        databases.drop()
        raise
    for database in databases.databases[1:]:
        database.drop()
    return Built(name=unique, statements=tuple(statements))


def migrate_to(history: History, databases: DatabaseSet, point: Point) -> Sequence[str]:
    """Migrate an empty set of databases to the point, and give the SQL that did.

    Raises:
        MigcheckError: a migration fails, with the revision and where.
    """
    if point.revisions is None:
        result = history.upgrade_to_heads(databases)
        if result.failure is not None:
            raise migration_failed(result.failure, Direction.UPGRADE)
        return [statement.sql for statement in result.statements]
    statements: list[str] = []
    run = history.start(databases)
    try:
        for revision in point.revisions:
            result = run.step(revision, Direction.UPGRADE, traced=False)
            if result.failure is not None:
                raise migration_failed(result.failure, Direction.UPGRADE, revision)
            statements += [statement.sql for statement in result.statements]
    finally:
        run.end()
    return statements


def migration_failed(failure: StepFailure, direction: Direction, revision: str = "") -> MigcheckError:
    """A failed step as an error that says where and why."""
    place = f"\n  {failure.source.path}:{failure.source.line}" if failure.source else ""
    statement = f"\n  sql     {' '.join(failure.sql.split())[:300]}" if failure.sql else ""
    extension = missing_extension(failure.message)
    hint = f"what to do: take a server that has {extension}: {server_with(extension)}" if extension else ""
    return MigcheckError(
        f"{direction.value} of {revision or failure.revision} fails: {failure.kind}: {failure.message.strip()}"
        f"{place}{statement}" + (f"\n{hint}" if hint else "")
    )
