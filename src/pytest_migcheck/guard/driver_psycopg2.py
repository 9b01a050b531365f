"""psycopg2: every connection is made by ``_psycopg._connect``, or by the type ``connection`` itself.

Both are in the C module, and everything else takes them from there: ``connect``, the pools, ``extensions``,
``extras``, aiopg. A factory of the user's is called with a string that leads to us; if it opens another one, that is
redirected too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from pytest_migcheck.guard import libpq
from pytest_migcheck.guard.imports import Patch
from pytest_migcheck.guard.places import Place, Router

# What a connection string of ours leads to, while it is on its way to the type that connects.
_on_its_way: ContextVar[tuple[str, Place] | None] = ContextVar("_on_its_way", default=None)
_WHAT = "a connection by psycopg2"


def patches(router: Router) -> dict[str, Patch]:
    """The patches by the module that they belong to."""
    return {"psycopg2._psycopg": functools.partial(_patch, router)}


def _patch(router: Router, module: ModuleType) -> Sequence[tuple[Any, Any]]:
    rewrite = functools.partial(_rewritten, router, module)
    original = module._connect
    connection = _guarded_type(router, rewrite, module.connection)
    replication = _guarded_type(router, rewrite, module.ReplicationConnection)

    @functools.wraps(original)
    def _connect(dsn: str, connection_factory: Any = None, *args: Any, **kwargs: Any) -> Any:
        place, dsn = rewrite(dsn)
        factory = connection if connection_factory is None else connection_factory
        if place is None:
            return original(dsn, factory, *args, **kwargs)
        token = _on_its_way.set((dsn, place))
        try:
            with libpq.without_variables():
                return original(dsn, factory, *args, **kwargs)
        finally:
            _on_its_way.reset(token)

    replaced = [
        (original, _connect),
        (module.connection, connection),
        (module.ReplicationConnection, replication),
    ]
    module._connect = _connect  # type: ignore[attr-defined]
    module.connection = connection  # type: ignore[attr-defined]
    module.ReplicationConnection = replication  # type: ignore[attr-defined]
    return replaced


def _rewritten(router: Router, module: ModuleType, dsn: str) -> tuple[Place | None, str]:
    params = module.parse_dsn(dsn)
    place = router.route(_WHAT, libpq.target_of(params))
    if place is None:
        return None, dsn
    return place, libpq.rewritten(params, place, functools.partial(_knows, module))


def _guarded_type(router: Router, rewrite: Callable[[str], tuple[Place | None, str]], original: Any) -> Any:
    class Meta(type(original)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original) if cls is guarded else super().__instancecheck__(instance)

        def __subclasscheck__(cls, subclass: Any) -> bool:
            return issubclass(subclass, original) if cls is guarded else super().__subclasscheck__(subclass)

    def __init__(self: Any, dsn: str, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        place: Place | None
        way = _on_its_way.get()
        if way is not None and way[0] == dsn:
            place = way[1]
        else:
            place, dsn = rewrite(dsn)
        with libpq.without_variables():
            original.__init__(self, dsn, *args, **kwargs)
        if place is not None:
            router.made(self, place, _is_open)

    guarded: Any = Meta(
        original.__name__,
        (original,),
        {"__init__": __init__, "__module__": original.__module__, "__doc__": original.__doc__},
    )
    return guarded


def _is_open(connection: Any) -> bool:
    return not connection.closed


@functools.cache
def _knows(module: ModuleType, word: str) -> bool:
    try:
        module.parse_dsn(f"{word}=''")
    except module.ProgrammingError:  # invalid connection option
        return False
    return True
