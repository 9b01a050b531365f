"""Roles of the cluster: those of the start, and how to get back to them."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pytest_migcheck.postgres.server import Server

_ROLES = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'"


@dataclass(frozen=True, slots=True)
class RoleBaseline:
    """The roles that a server of our own had before any migration ran."""

    names: frozenset[str]

    @classmethod
    def of(cls, server: Server) -> RoleBaseline:
        return cls(_roles(server))

    def unchanged(self, server: Server) -> bool:
        return _roles(server) == self.names

    def restore(self, server: Server) -> None:
        """Drop the roles that were not there; nothing in any database may depend on them any more."""
        for name in sorted(_roles(server) - self.names):
            with server.connect() as connection:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _roles(server: Server) -> frozenset[str]:
    with server.connect() as connection:
        return frozenset(row[0] for row in connection.execute(_ROLES).fetchall())
