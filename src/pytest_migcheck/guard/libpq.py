"""A connection string of libpq, rewritten so that it leads to a place of ours whatever the environment says."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pytest_migcheck.guard.places import Place, Target

# What the user's connection keeps: it decides neither the target nor who is trusted.
_KEPT = frozenset(
    (
        *("application_name", "fallback_application_name", "options", "client_encoding", "connect_timeout"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
        "replication",
    )
)
# An explicit value, even an empty one, keeps libpq from reading the variable (PGHOSTADDR, PGSSLMODE, PGOPTIONS …).
_FIXED = {
    "hostaddr": "",
    "passfile": os.path.join(os.devnull, "none"),  # noqa: PTH118  no file, on purpose
    "sslmode": "prefer",
    "sslrootcert": "",
    "requirepeer": "",
    "target_session_attrs": "any",
    "gssencmode": "disable",
    "options": "",
    "connect_timeout": "0",
}
# Words that not every supported libpq knows.
_NEWER = {
    "channel_binding": "prefer",
    "load_balance_hosts": "disable",
    "sslnegotiation": "postgres",
    "sslcertmode": "allow",
}
# No word of the connection string can override these: an empty require_auth allows no method at all.
_VARIABLES = ("PGSERVICE", "PGREQUIREAUTH", "PGTZ", "PGDATESTYLE", "PGGEQO")
_environment = threading.RLock()
_hidden: dict[str, str] = {}
_users: list[None] = []


def target_of(params: Mapping[str, object]) -> Target:
    """What a connection string asks for; of several hosts, the first."""
    host = str(params.get("host") or params.get("hostaddr") or "").partition(",")[0]
    port = str(params.get("port") or "").partition(",")[0]
    return Target(host, port, str(params.get("dbname") or ""))


def rewritten(params: Mapping[str, object], place: Place, knows: Callable[[str], bool]) -> str:
    """The connection string that leads to the place; ``knows`` says whether this libpq knows a word."""
    words: dict[str, object] = {key: value for key, value in _NEWER.items() if knows(key)}
    words.update(_FIXED)
    words.update({key: value for key, value in params.items() if key in _KEPT and value is not None})
    words.update(place.settings)
    words.update(host=place.host, port=place.port, user=place.user, password=place.password, dbname=place.dbname)
    if place.host.startswith("/"):
        words["sslmode"] = "disable"
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in words.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@contextmanager
def without_variables() -> Iterator[None]:
    """Hide the few variables that libpq reads whatever the connection string says, while any connection is made."""
    with _environment:
        _hidden.update({name: os.environ.pop(name) for name in _VARIABLES if name in os.environ})
        _users.append(None)
    try:
        yield
    finally:
        with _environment:
            _users.pop()
            if not _users:
                for name, value in _hidden.items():
                    os.environ.setdefault(name, value)
                _hidden.clear()
