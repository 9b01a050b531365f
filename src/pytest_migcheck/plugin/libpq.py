"""One clear error where psycopg finds no libpq that it can use."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

from pytest_migcheck.core.outcome import MigcheckError

_REACHES_LIBPQ = ("PSYCOPG_IMPL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LD_PRELOAD")


@contextlib.contextmanager
def importing_libpq() -> Iterator[None]:
    """Import psycopg first, and say what is wrong where that fails.

    Raises:
        MigcheckError: it cannot be imported.
    """
    try:
        importlib.import_module("psycopg")
    except ImportError as error:
        reason = next(iter(str(error).splitlines()), "")
        said = [f"{name}={os.environ[name]}" for name in _REACHES_LIBPQ if os.environ.get(name)]
        advice = f"unset {' and '.join(said)}, or " if said else ""
        raise MigcheckError(
            f"psycopg cannot be imported, so no PostgreSQL can be reached: {reason}\n"
            f'what to do: {advice}install it with its own libpq: pip install "psycopg[binary]"'
        ) from error
    yield
