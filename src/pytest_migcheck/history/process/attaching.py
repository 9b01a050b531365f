"""A set of databases as plain data, and as one that the history process uses."""

from __future__ import annotations

import json

from pytest_migcheck.history.process.messages import DatabasesFacts
from pytest_migcheck.postgres.database import Database
from pytest_migcheck.postgres.database_set import DatabaseSet, Target
from pytest_migcheck.postgres.lending import attached_server, plain_server
from pytest_migcheck.postgres.server import Server

_servers: dict[str, Server] = {}


def facts_of(databases: DatabaseSet) -> DatabasesFacts:
    """A set as plain data; it holds a password."""
    return DatabasesFacts(
        server=plain_server(databases.server),
        label=databases.label,
        main=databases.main.name,
        targets=targets_of(databases),
    )


def targets_of(databases: DatabaseSet) -> tuple[tuple[Target, str], ...]:
    """The name of the database that replaces each target."""
    return tuple((target, database.name) for target, database in databases.targets.items())


def attached(facts: DatabasesFacts) -> DatabaseSet:
    """The set in this process; connections to its server are kept."""
    known = json.dumps(facts.server, sort_keys=True)
    if known not in _servers:
        _servers[known] = attached_server(dict(facts.server))
    server = _servers[known]
    databases = DatabaseSet(server, facts.label, main=Database(server, facts.main))
    databases.adopt(facts.targets)
    return databases
