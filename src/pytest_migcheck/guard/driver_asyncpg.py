"""asyncpg: every connection is made by ``asyncpg.connect_utils._connect_addr``."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pytest_migcheck.guard.imports import Patch
from pytest_migcheck.guard.places import Place, Router, Target

_SSL = frozenset(("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"))
_DROPPED = _SSL | frozenset(
    (
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "passfile", "service", "servicefile"),
        *("target_session_attrs", "krbsrvname", "gsslib"),
    )
)
# Values that keep asyncpg from reading files and the environment.
_PLAIN: dict[str, Any] = {
    "passfile": None,
    "service": None,
    "servicefile": os.devnull,
    "ssl": False,
    "direct_tls": False,
    "target_session_attrs": "any",
    "krbsrvname": "postgres",
    "gsslib": "gssapi",
}


def patches(router: Router, is_internal: Callable[[], bool]) -> dict[str, Patch]:
    """The patches by the module that they belong to."""
    return {"asyncpg.connect_utils": functools.partial(_patch, router, is_internal)}


def _patch(router: Router, is_internal: Callable[[], bool], module: ModuleType) -> Sequence[tuple[Any, Any]]:
    parse, connect = module._parse_connect_arguments, module._connect_addr

    @functools.wraps(parse)
    def _parse_connect_arguments(**kwargs: Any) -> Any:
        if is_internal():
            return parse(**kwargs)
        plain = _plain(kwargs)
        addrs, params, config = parse(**plain)
        addr = addrs[0] if plain["host"] or _in_url(plain["dsn"], "host") else ("", "")
        if not (plain["database"] or _in_url(plain["dsn"], "database")):
            params = params._replace(database="")
        return [addr], params, config

    @functools.wraps(connect)
    async def _connect_addr(*, addr: Any, params: Any, **kwargs: Any) -> Any:
        place = router.route("a connection by asyncpg", _target(addr, params))
        if place is None:
            return await connect(addr=addr, params=params, **kwargs)
        addr, params = _placed(module, place, params.server_settings)
        connection = await connect(addr=addr, params=params, **kwargs)
        router.made(connection, place, _is_open)
        return connection

    module._parse_connect_arguments = _parse_connect_arguments  # type: ignore[attr-defined]
    module._connect_addr = _connect_addr  # type: ignore[attr-defined]
    return [(parse, _parse_connect_arguments), (connect, _connect_addr)]


def _plain(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without what would be read from files before the target is replaced."""
    plain = {**kwargs, **{key: value for key, value in _PLAIN.items() if key in kwargs}}
    if plain["password"] is None:
        plain["password"] = ""
    dsn = plain["dsn"]
    if dsn:
        parts = urlsplit(dsn)
        query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] not in _DROPPED])
        plain["dsn"] = urlunsplit(parts._replace(query=query))
    return plain


def _in_url(dsn: str | None, what: str) -> bool:
    if not dsn:
        return False
    parts = urlsplit(dsn)
    names = {name for name, value in parse_qsl(parts.query) if value}
    if what == "host":
        return "host" in names or bool(parts.netloc.rpartition("@")[2])
    return bool(names & {"dbname", "database"}) or bool(parts.path.strip("/"))


def _target(addr: Any, params: Any) -> Target:
    if isinstance(addr, str):
        directory, _, port = addr.rpartition("/.s.PGSQL.")
        return Target(directory, port, str(params.database or ""))
    return Target(str(addr[0]), str(addr[1]), str(params.database or ""))


def _placed(module: ModuleType, place: Place, server_settings: Any) -> tuple[Any, Any]:
    parse = module._parse_connect_dsn_and_args
    arguments = dict.fromkeys(inspect.signature(parse).parameters)
    arguments.update({key: value for key, value in _PLAIN.items() if key in arguments})
    ssl = [(name, value) for name, value in place.settings if name in _SSL]
    if not place.host.startswith("/"):
        # Without a host: the arguments name it.
        arguments.update(dsn=f"postgresql://?{urlencode(ssl or [('sslmode', 'prefer')])}", ssl=None, direct_tls=None)
    arguments.update(
        host=place.host, port=place.port, user=place.user, password=place.password, database=place.dbname,
        server_settings=server_settings,
    )  # fmt: skip
    addrs, params = parse(**arguments)
    return addrs[0], params


def _is_open(connection: Any) -> bool:
    return not connection.is_closed()
