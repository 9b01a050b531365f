"""libpq's environment variables: kept away from our own connections, and countered in the URLs that we hand out.

libpq reads some of them (PGSERVICE, PGDATESTYLE, PGTZ, PGGEQO) whatever a connection string says.
https://www.postgresql.org/docs/current/libpq-envars.html
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import threading
from collections.abc import Collection, Iterator, Mapping

#: What finds a password; applies to a server given by a URL that names none.
PASSWORDS = frozenset({"PGPASSWORD", "PGPASSFILE"})
#: Every variable that a libpq reads, of 14 to 18.
LIBPQ_VARIABLES = frozenset(
    """
    PGAPPNAME PGCHANNELBINDING PGCLIENTENCODING PGCONNECT_TIMEOUT PGDATABASE PGDATESTYLE PGGEQO PGGSSDELEGATION
    PGGSSENCMODE PGGSSLIB PGHOST PGHOSTADDR PGKRBSRVNAME PGLOADBALANCEHOSTS PGLOCALEDIR PGMAXPROTOCOLVERSION
    PGMINPROTOCOLVERSION PGOAUTHCAFILE PGOAUTHDEBUG PGOPTIONS PGPASSFILE PGPASSWORD PGPORT PGREALM PGREQUIREAUTH
    PGREQUIREPEER PGREQUIRESSL PGSERVICE PGSERVICEFILE PGSSLCERT PGSSLCERTMODE PGSSLCOMPRESSION PGSSLCRL PGSSLCRLDIR
    PGSSLKEY PGSSLKEYLOGFILE PGSSLMAXPROTOCOLVERSION PGSSLMINPROTOCOLVERSION PGSSLMODE PGSSLNEGOTIATION PGSSLROOTCERT
    PGSSLSNI PGSYSCONFDIR PGTARGETSESSIONATTRS PGTTY PGTZ PGUSER
    """.split()  # noqa: SIM905 - a list of forty literals is a page
)
# A setting that a server of ours cannot meet, and the value that it can.
_COUNTERS = {
    "PGSSLMODE": ("sslmode", "disable"),
    "PGGSSENCMODE": ("gssencmode", "disable"),
    "PGCHANNELBINDING": ("channel_binding", "disable"),
    "PGTARGETSESSIONATTRS": ("target_session_attrs", "any"),
    "PGREQUIREAUTH": ("require_auth", "scram-sha-256,md5,password"),
}
_FIRST_LIBPQ_WITH_REQUIRE_AUTH = 160000

_lock = threading.Lock()
# The variables that are out of the environment now, and how many blocks need each to be.
_taken: dict[str, str] = {}
_blocks: dict[str, int] = {}


@contextlib.contextmanager
def without_libpq_variables(keep: Collection[str] = ()) -> Iterator[None]:
    """Take every variable of libpq, but for those to keep, out of the environment until the block ends.

    Blocks of several threads may overlap: the last one that ends puts a variable back.
    """
    with _lock:
        names = {name for name in (*_libpq_variables(os.environ), *_taken) if name not in keep}
        for name in names:
            if name in os.environ:
                _taken[name] = os.environ.pop(name)
            _blocks[name] = _blocks.get(name, 0) + 1
    try:
        yield
    finally:
        with _lock:
            for name in names.intersection(_blocks):
                _blocks[name] -= 1
                if not _blocks[name]:
                    del _blocks[name]
                    os.environ[name] = _taken.pop(name)


def _put_back() -> None:
    """A child that is forked meanwhile would never see the variables again."""
    os.environ.update(_taken)
    _taken.clear()
    _blocks.clear()
    _lock.release()


os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_put_back)


def _libpq_variables(environment: Mapping[str, str]) -> list[str]:
    return [name for name in environment if name in LIBPQ_VARIABLES]


def countering_settings(environment: Mapping[str, str], host: str, libpq_version: int) -> dict[str, str]:
    """The settings of libpq that a URL has to name so that the environment does not break it or lead it elsewhere.

    Args:
        environment: with the user's variables.
        host: that the URL names.
        libpq_version: an older one does not know every setting.
    """
    by_file = "PGSERVICE" in environment
    found = {word: value for name, (word, value) in _COUNTERS.items() if by_file or name in environment}
    if libpq_version < _FIRST_LIBPQ_WITH_REQUIRE_AUTH:
        found.pop("require_auth", None)
    if (by_file or "PGHOSTADDR" in environment) and _is_address(host):
        found["hostaddr"] = host
    if by_file or not environment.get("PGCONNECT_TIMEOUT", "0").strip().isdecimal():
        found["connect_timeout"] = "10"
    return found


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False
