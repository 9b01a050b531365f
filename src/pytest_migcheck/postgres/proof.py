"""The proof that a connection is on the server that it was opened for, asked before anything else is sent.

A server that we start is given a random token as a setting. On a server that a URL names the databases that we make
have names that no other server has; there, the name is the token.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from pytest_migcheck.core.outcome import MigcheckError

#: The setting that holds the token: custom settings have a dot in their names.
SETTING = "migcheck.server"
#: Gives the token of the server, if it has one, and the name of the database.
QUESTION = f"SELECT pg_catalog.current_setting('{SETTING}', true), pg_catalog.current_database()::text"


class ForeignServerError(MigcheckError):
    """A connection of ours reached another server; nothing was run there."""


def new_token() -> str:
    """A token that no other server has."""
    return secrets.token_hex(16)


def proves(rows: Callable[[str], Sequence[Sequence[Any]]], token: str) -> bool:
    """Whether a connection is on the server that has this token.

    Args:
        rows: runs a query on the connection, of whatever driver, and gives its rows.
        token: of the server or the database, as ``Server.proof_of`` gives it.
    """
    return bool(token) and any(token in tuple(row) for row in rows(QUESTION))
