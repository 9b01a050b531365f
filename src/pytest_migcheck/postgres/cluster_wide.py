"""What belongs to the cluster and not to a database: that of the start, and how to get back to it."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.errors import DependentObjectsStillExist, ObjectNotInPrerequisiteState

from pytest_migcheck.core.outcome import Outcome, Status
from pytest_migcheck.postgres.catalog.database import SYSTEM_SETTINGS
from pytest_migcheck.postgres.server import Server

ROLE, SETTING, SYSTEM, MEMBERSHIP = "role", "setting", "system", "membership"
DATABASE, SLOT, ORIGIN, GRANT, TABLESPACE = "database", "slot", "origin", "grant", "tablespace"

# A subscription has an origin pg_OID, which goes with it. Of roles that were there, all but their number counts.
_STATE = f"""
SELECT '{ROLE}', r.rolname::text, json_build_array(r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb,
    r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconnlimit, coalesce(r.rolvaliduntil, 'infinity')::text,
    r.rolpassword)::text FROM pg_catalog.pg_authid r WHERE r.rolname !~ '^pg_'
UNION ALL SELECT '{SETTING}', json_build_array(pg_catalog.pg_get_userbyid(nullif(s.setrole, 0)),
    split_part(c, '=', 1))::text, substr(c, strpos(c, '=') + 1)
    FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = 0
UNION ALL SELECT '{SYSTEM}', a.name, a.value FROM ({SYSTEM_SETTINGS}) a
UNION ALL SELECT '{MEMBERSHIP}', json_build_array(pg_catalog.pg_get_userbyid(m.roleid),
    pg_catalog.pg_get_userbyid(m.member))::text, m.admin_option::text FROM pg_catalog.pg_auth_members m
    WHERE m.member < 16384 AND (m.member = 10 OR m.roleid >= 16384)
UNION ALL SELECT '{DATABASE}', d.datname::text, '' FROM pg_catalog.pg_database d WHERE d.datname !~ '^migcheck_'
UNION ALL SELECT '{SLOT}', s.slot_name::text, s.slot_type FROM pg_catalog.pg_replication_slots s WHERE NOT s.temporary
UNION ALL SELECT '{ORIGIN}', o.roname, '' FROM pg_catalog.pg_replication_origin o WHERE o.roname !~ '^pg_[0-9]'
UNION ALL SELECT '{TABLESPACE}', t.spcname::text, '' FROM pg_catalog.pg_tablespace t"""
# Since PostgreSQL 15.
_PARAMETERS = f"""
UNION ALL SELECT '{GRANT}', json_build_array(p.parname, a.grantee::bigint, CASE WHEN a.grantee <> 0
    THEN pg_catalog.pg_get_userbyid(a.grantee) END, a.privilege_type)::text, a.is_grantable::text
    FROM pg_catalog.pg_parameter_acl p, pg_catalog.aclexplode(p.paracl) a WHERE a.grantee <> 10"""
# How a message of PostgreSQL names what belongs to the cluster; the messages are in English, since lc_messages is C.
_NAMED = re.compile(r'\b(role|database|replication slot|replication origin|tablespace|subscription) "')
_CLUSTER_WIDE = re.compile(
    r"\b(create|alter|drop)\s+(role|user(?!\s+mapping)|group|tablespace|system|database|subscription)\b"
    r"|\breassign\s+owned\b|\bpg_(terminate|cancel)_backend\b|\bon\s+parameter\b|replication_(slot|origin)\w*\(|_replication_slots?\b|_replication_origin_"
    r"|\b(grant|revoke)\b[^;]{0,200}\bpg_(monitor|read_|write_|stat_|signal_|execute_|checkpoint|database_owner|"
    r"maintain|create_subscription|use_reserved)",
    re.IGNORECASE,
)
# Parameters whose value is a list: a quoted list would be one name.
_LISTS = frozenset(
    ("search_path", "session_preload_libraries", "shared_preload_libraries", "local_preload_libraries",
     "temp_tablespaces", "unix_socket_directories")
)  # fmt: skip
_RELOAD = 5.0
# Several workers may ask at once; the second must not read what the first one makes.
_FIRST = threading.Lock()

Key = tuple[str, str]


def touches_cluster(files: Iterable[Path]) -> bool:
    """Whether the text of the files names a statement that is seen in every database of a cluster.

    A statement that is put together from pieces is not seen here, but in what the server has afterwards.
    """
    return any(_CLUSTER_WIDE.search(path.read_text(encoding="utf-8", errors="replace")) for path in files)


def has_more(server: Server) -> bool:
    """Whether the cluster of a server of our own has more than one that initdb made, or than its image gave it."""
    if server.kind == "url":
        return False
    mine = {(ROLE, server.params.user), *((DATABASE, name) for name in ("postgres", "template0", "template1"))}
    image = () if server.container is None else ClusterBaseline.of(server).state
    found = _state(server).keys() - mine - {*image}
    return any(kind != TABLESPACE or not name.startswith("pg_") for kind, name in found)


@dataclass(frozen=True, slots=True)
class ClusterBaseline:
    """What the cluster of a server of our own had before any migration ran."""

    state: Mapping[Key, str]

    @classmethod
    def of(cls, server: Server) -> ClusterBaseline:
        """What the cluster had when it was first asked for, which is before migrations run."""
        with _FIRST:
            if server.at_start is None:
                server.at_start = _state(server)
        return cls(server.at_start)

    def unchanged(self, server: Server) -> bool:
        return _state(server) == self.state

    def takes_folders(self, server: Server) -> bool:
        """Whether there is a tablespace that was not there, which lies in a folder that other clusters see."""
        return any(kind == TABLESPACE and (kind, name) not in self.state for kind, name in _state(server))

    def met_by(self, outcome: Outcome, server: Server) -> bool:
        """Whether there is something of another walk, or a verdict speaks of what may be gone again by now."""
        details = (text for finding in outcome.findings for _, text in finding.details)
        not_reached = outcome.status is Status.SKIPPED and (outcome.reason or "").startswith("not reached")
        return not_reached or any(_NAMED.search(text) for text in details) or not self.unchanged(server)

    def restore(self, server: Server) -> None:
        """Take away what was not there; nothing in any database may depend on it any more."""
        with server.connect() as connection:
            connection.execute("SET default_transaction_read_only = off")
            self._restore_system(connection)
            found = _state(server)
            changed = [key for key, value in found.items() if self.state.get(key) != value]
            gone = [key for key in self.state if key not in found]
            for kind, work in _WORK:
                for key in [*changed, *gone]:
                    if key[0] == kind:
                        work(connection, key[1], self.state.get(key))
            for name in (name for kind, name in changed if kind == DATABASE and (kind, name) not in self.state):
                server.drop_database(name)
            for name in (name for kind, name in changed if kind == TABLESPACE and (kind, name) not in self.state):
                connection.execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))
            _drop_roles(connection, [n for kind, n in changed if kind == ROLE and (kind, n) not in self.state])

    def restore_unused(self, server: Server) -> None:
        """Take away what was not there, but for what somebody's database needs."""
        with contextlib.suppress(DependentObjectsStillExist, ObjectNotInPrerequisiteState):
            self.restore(server)

    def _restore_system(self, connection: psycopg.Connection[Any]) -> None:
        saved = {name: value for (kind, name), value in self.state.items() if kind == SYSTEM}
        found = {str(name): str(value) for name, value in connection.execute(SYSTEM_SETTINGS.encode()).fetchall()}
        changed = [name for name in {**saved, **found} if saved.get(name) != found.get(name)]
        for name in changed:
            _set_system(connection, name, saved.get(name))
        if changed:
            _reload(connection)


def _state(server: Server) -> dict[Key, str]:
    query = _STATE + (_PARAMETERS if server.version_num >= 150000 else "")
    return {(str(kind), str(name)): str(value) for kind, name, value in server.maintain(query.encode()).fetchall()}


def _set_system(connection: psycopg.Connection[Any], name: str, quoted: str | None) -> None:
    parameter = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
    if quoted is None:
        connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(parameter))
        return
    value = quoted[1:-1].replace("''", "'").replace("\\\\", "\\")
    text = sql.SQL(value) if name in _LISTS and value else sql.Literal(value)
    connection.execute(sql.SQL("ALTER SYSTEM SET {} TO {}").format(parameter, text))


def _reload(connection: psycopg.Connection[Any]) -> None:
    """Have the configuration read once more, and wait for it: what comes next must not meet the old one."""
    loaded = "SELECT pg_catalog.pg_conf_load_time()"
    before = connection.execute(loaded.encode()).fetchone()
    connection.execute("SELECT pg_catalog.pg_reload_conf()")
    deadline = time.monotonic() + _RELOAD
    while connection.execute(loaded.encode()).fetchone() == before and time.monotonic() < deadline:
        time.sleep(0.002)


def _restore_role(connection: psycopg.Connection[Any], name: str, saved: str | None) -> None:
    """Give a role that was there its attributes and its password; others are dropped in the end."""
    if saved is None:
        return
    *flags, limit, until, password = json.loads(saved)
    names = ("SUPERUSER", "INHERIT", "CREATEROLE", "CREATEDB", "LOGIN", "REPLICATION", "BYPASSRLS")
    words = " ".join(word if on else f"NO{word}" for word, on in zip(names, flags, strict=True))
    connection.execute(
        sql.SQL("ALTER ROLE {} {} CONNECTION LIMIT {} VALID UNTIL {} PASSWORD {}").format(
            sql.Identifier(name), sql.SQL(words), sql.Literal(limit), sql.Literal(until), sql.Literal(password)
        )
    )


def _restore_setting(connection: psycopg.Connection[Any], place: str, saved: str | None) -> None:
    role, name = json.loads(place)
    whose = sql.SQL("ALL") if role is None else sql.Identifier(role)
    parameter = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
    if saved is None:
        connection.execute(sql.SQL("ALTER ROLE {} RESET {}").format(whose, parameter))
    else:
        text = sql.SQL(saved) if name in _LISTS and saved else sql.Literal(saved)
        connection.execute(sql.SQL("ALTER ROLE {} SET {} TO {}").format(whose, parameter, text))


def _restore_membership(connection: psycopg.Connection[Any], place: str, saved: str | None) -> None:
    role, member = map(sql.Identifier, json.loads(place))
    connection.execute(sql.SQL("REVOKE {} FROM {}").format(role, member))
    if saved is not None:
        option = sql.SQL(" WITH ADMIN OPTION" if saved == "true" else "")
        connection.execute(sql.SQL("GRANT {} TO {}{}").format(role, member, option))


def _drop_slot(connection: psycopg.Connection[Any], name: str, saved: str | None) -> None:
    if saved is None:
        connection.execute(
            "SELECT pg_catalog.pg_terminate_backend(active_pid, 2000) FROM pg_catalog.pg_replication_slots "
            "WHERE slot_name = %s AND active_pid IS NOT NULL",
            (name,),
        )
        connection.execute("SELECT pg_catalog.pg_drop_replication_slot(%s)", (name,))


def _drop_origin(connection: psycopg.Connection[Any], name: str, saved: str | None) -> None:
    if saved is None:
        connection.execute("SELECT pg_catalog.pg_replication_origin_drop(%s)", (name,))


def _restore_grant(connection: psycopg.Connection[Any], place: str, saved: str | None) -> None:
    parameter, _, grantee, privilege = json.loads(place)
    whom = sql.SQL("PUBLIC") if grantee is None else sql.Identifier(grantee)
    what = sql.SQL(".").join(map(sql.Identifier, parameter.split(".")))
    words = sql.SQL(privilege)
    connection.execute(sql.SQL("REVOKE {} ON PARAMETER {} FROM {} CASCADE").format(words, what, whom))
    if saved is not None:
        option = sql.SQL(" WITH GRANT OPTION" if saved == "true" else "")
        connection.execute(sql.SQL("GRANT {} ON PARAMETER {} TO {}{}").format(words, what, whom, option))


_WORK: tuple[tuple[str, Callable[[psycopg.Connection[Any], str, str | None], None]], ...] = (
    (ROLE, _restore_role),
    (SETTING, _restore_setting),
    (MEMBERSHIP, _restore_membership),
    (SLOT, _drop_slot),
    (ORIGIN, _drop_origin),
    (GRANT, _restore_grant),
)


def _drop_roles(connection: psycopg.Connection[Any], names: Iterable[str]) -> None:
    """Drop the roles in an order that their grants to each other allow."""
    left = sorted(names)
    while left:
        kept = [name for name in left if not _dropped(connection, name)]
        if len(kept) == len(left):
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(left[0])))
        left = kept


def _dropped(connection: psycopg.Connection[Any], name: str) -> bool:
    role = sql.Identifier(name)
    for statement in ("DROP ROLE {}", "DROP OWNED BY {}", "DROP ROLE {}"):
        try:
            connection.execute(sql.SQL(statement).format(role))
        except DependentObjectsStillExist:
            continue
        if statement.startswith("DROP ROLE"):
            return True
    return False
