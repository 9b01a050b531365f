"""Roles of the cluster: those of the start, and how to get back to them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql
from psycopg.errors import DependentObjectsStillExist

from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.postgres.server import Server

_ROLES = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'"
# As PostgreSQL's messages spell it; ours are in English, since lc_messages is C.
_A_ROLE = 'role "'
_CLUSTER_WIDE = re.compile(
    r"\b(create|alter|drop)\s+(role|user|group|tablespace|system|database|subscription)\b|\breassign\s+owned\b",
    re.IGNORECASE,
)


def touches_cluster(files: Iterable[Path]) -> bool:
    """Whether the text of the files names a statement that is seen in every database of a cluster."""
    return any(_CLUSTER_WIDE.search(path.read_text(encoding="utf-8", errors="replace")) for path in files)


@dataclass(frozen=True, slots=True)
class RoleBaseline:
    """The roles that a server of our own had before any migration ran."""

    names: frozenset[str]

    @classmethod
    def of(cls, server: Server) -> RoleBaseline:
        return cls(_roles(server))

    def unchanged(self, server: Server) -> bool:
        return _roles(server) == self.names

    def met_by(self, outcome: Outcome, server: Server) -> bool:
        """Whether there are roles of another walk, or a verdict speaks of one that may be gone again by now."""
        details = (text for finding in outcome.findings for _, text in finding.details)
        not_reached = outcome.status is Status.SKIPPED and (outcome.reason or "").startswith("not reached")
        return not_reached or any(_A_ROLE in text for text in details) or not self.unchanged(server)

    def restore(self, server: Server) -> None:
        """Drop the roles that were not there; nothing in any database may depend on them any more."""
        for name in sorted(_roles(server) - self.names):
            with server.connect() as connection:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))

    def restore_unused(self, server: Server) -> None:
        """Drop the roles that were not there, but for those that somebody's database needs."""
        with contextlib.suppress(DependentObjectsStillExist):
            self.restore(server)


def _roles(server: Server) -> frozenset[str]:
    with server.connect() as connection:
        return frozenset(row[0] for row in connection.execute(_ROLES).fetchall())
