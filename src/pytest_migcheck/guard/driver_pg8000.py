"""pg8000: every connection is a ``pg8000.core.CoreConnection``, of the DB-API and native."""

from __future__ import annotations

import functools
import inspect
import ssl
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from pytest_migcheck.guard.imports import Patch
from pytest_migcheck.guard.places import Place, Router, Target


def patches(router: Router) -> dict[str, Patch]:
    """The patches by the module that they belong to."""
    return {"pg8000.core": functools.partial(_patch, router)}


def _patch(router: Router, module: ModuleType) -> Sequence[tuple[Any, Any]]:
    original = module.CoreConnection.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        given = signature.bind(self, *args, **kwargs).arguments
        place = router.route("a connection by pg8000", _target(given))
        if place is None:
            original(self, *args, **kwargs)
            return
        given.update(
            user=place.user, password=place.password, database=place.dbname, host=place.tcp_host, port=place.tcp_port,
            source_address=None, unix_sock=None, ssl_context=_ssl_context(place),
        )  # fmt: skip
        if "sock" in signature.parameters:
            given["sock"] = None
        given.pop("self")
        original(self, **given)
        router.made(self, place, _is_open)

    module.CoreConnection.__init__ = __init__
    return []


def _target(given: dict[str, Any]) -> Target:
    unix_sock = str(given.get("unix_sock") or "")
    database = given.get("database") or ""
    name = database.decode() if isinstance(database, bytes) else str(database)
    if unix_sock:
        directory, _, port = unix_sock.rpartition("/.s.PGSQL.")
        return Target(directory, port, name)
    return Target(str(given.get("host") or ""), str(given.get("port") or ""), name)


def _ssl_context(place: Place) -> ssl.SSLContext | None:
    settings = dict(place.settings)
    mode = settings.get("sslmode", "disable")
    if mode not in ("require", "verify-ca", "verify-full"):
        return None
    context = ssl.create_default_context(cafile=settings.get("sslrootcert"))
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_open(connection: Any) -> bool:
    return getattr(connection, "_usock", None) is not None
