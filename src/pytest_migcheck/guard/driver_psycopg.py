"""psycopg 3: every connection is made by ``psycopg.generators.connect``, or by hand through ``psycopg.pq``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from pytest_migcheck.guard import libpq
from pytest_migcheck.guard.imports import Patch
from pytest_migcheck.guard.places import Place, Router

_redirected: ContextVar[bool] = ContextVar("_redirected", default=False)


def patches(router: Router, is_internal: Callable[[], bool]) -> dict[str, Patch]:
    """The patches by the module that they belong to."""
    return {
        "psycopg.generators": functools.partial(_patch_generators, router),
        "psycopg.pq": functools.partial(_patch_pq, router),
        "psycopg._conninfo_attempts": functools.partial(_patch_attempts, is_internal),
        "psycopg._conninfo_attempts_async": functools.partial(_patch_attempts, is_internal),
    }


def _patch_generators(router: Router, module: ModuleType) -> Sequence[tuple[Any, Any]]:
    original = module.connect

    @functools.wraps(original)
    def connect(conninfo: str, *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        params = _parsed(conninfo)
        place = router.route("a connection by psycopg", libpq.target_of(params))
        if place is None:
            with _passing():
                generator = original(conninfo, *args, **kwargs)
            return (yield from _driven(generator))
        generator = original(libpq.rewritten(params, place, _knows), *args, **kwargs)
        pgconn = yield from _driven(generator)
        router.made(pgconn, place, _is_open)
        return pgconn

    module.connect = connect  # type: ignore[attr-defined]
    return [(original, connect)]


def _driven(generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The generator, each of whose steps may connect and sees none of the user's variables."""
    ready: Any = None
    while True:
        try:
            with _passing(), libpq.without_variables():
                wait = generator.send(ready)
        except StopIteration as end:
            return end.value
        try:
            ready = yield wait
        except BaseException:
            generator.close()
            raise


@contextmanager
def _passing() -> Iterator[None]:
    token = _redirected.set(True)
    try:
        yield
    finally:
        _redirected.reset(token)


def _patch_attempts(is_internal: Callable[[], bool], module: ModuleType) -> Sequence[tuple[Any, Any]]:
    """No name is resolved: one attempt goes to the one place, whatever hosts were asked for."""
    if module.__name__.endswith("_async"):
        original = module.conninfo_attempts_async

        @functools.wraps(original)
        async def attempts_async(params: Mapping[str, Any]) -> Any:
            return await original(params) if is_internal() else [dict(params)]

        module.conninfo_attempts_async = attempts_async  # type: ignore[attr-defined]
        return [(original, attempts_async)]
    original = module.conninfo_attempts

    @functools.wraps(original)
    def attempts(params: Mapping[str, Any]) -> Any:
        return original(params) if is_internal() else [dict(params)]

    module.conninfo_attempts = attempts  # type: ignore[attr-defined]
    return [(original, attempts)]


def _patch_pq(router: Router, module: ModuleType) -> Sequence[tuple[Any, Any]]:
    """``PGconn`` may be a type in C, so a subclass takes its name; what it makes are objects of the type in C."""
    original = module.PGconn

    class Meta(type(original)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original)

    class PGconn(original, metaclass=Meta):  # type: ignore[misc,valid-type]
        __slots__ = ()

        @classmethod
        def connect(cls, conninfo: bytes) -> Any:
            return _by_hand(router, original.connect, conninfo)

        @classmethod
        def connect_start(cls, conninfo: bytes) -> Any:
            return _by_hand(router, original.connect_start, conninfo)

        @classmethod
        def ping(cls, conninfo: bytes) -> Any:
            return _by_hand(router, original.ping, conninfo)

    PGconn.__module__, PGconn.__qualname__, PGconn.__doc__ = original.__module__, "PGconn", original.__doc__
    module.PGconn = PGconn  # type: ignore[attr-defined]
    return [(original, PGconn)]


def _by_hand(router: Router, connect: Callable[[bytes], Any], conninfo: bytes) -> Any:
    if _redirected.get():
        return connect(conninfo)
    params = _parsed(conninfo.decode())
    place: Place | None = router.route("a connection by psycopg.pq", libpq.target_of(params))
    if place is None:
        return connect(conninfo)
    with libpq.without_variables():
        made = connect(libpq.rewritten(params, place, _knows).encode())
    if hasattr(made, "status"):
        router.made(made, place, _is_open)
    return made


def _parsed(conninfo: str) -> dict[str, str]:
    options = sys.modules["psycopg.pq"].Conninfo.parse(conninfo.encode())
    return {option.keyword.decode(): option.val.decode() for option in options if option.val is not None}


@functools.cache
def _knows(word: str) -> bool:
    defaults = sys.modules["psycopg.pq"].Conninfo.get_defaults()
    return any(option.keyword == word.encode() for option in defaults)


def _is_open(pgconn: Any) -> bool:
    return bool(pgconn.status == sys.modules["psycopg.pq"].ConnStatus.OK)
