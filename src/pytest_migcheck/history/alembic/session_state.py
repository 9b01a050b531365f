"""Each step begins with the session of a deployment: what the step before it has set is taken back.

An upgrade and a downgrade are different deployments, with sessions of their own; a run of env.py for many steps has one
session for all of them. What env.py itself has set before it ran migrations stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_migcheck.core.dbapi import rows_of
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.core.statement import Statement

# The settings of a transaction end with it, and the server lets nobody reset them (GUC_NO_RESET in guc_tables.c).
_STATE = """
SELECT s.name, s.setting FROM pg_catalog.pg_settings s WHERE s.source = 'session' AND s.name NOT IN
    ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'seed')
UNION ALL SELECT 'session_authorization', session_user::text
UNION ALL SELECT 'role', pg_catalog.current_setting('role')"""
# Anything else leaves a session as it was. A function can do whatever its body says, so a SELECT may, too.
_MAY_CHANGE = re.compile(
    r"\A\W*(set|reset|discard|select|with|do|call|listen|unlisten|prepare|declare|load|lock|execute)\b|"
    r"\b(set_config|advisory)\b|\btemp(orary)?\b|;\s*\S",
    re.IGNORECASE,
)
# The server lists no settings of a user's own invention, so only a new session is without them.
_CUSTOM = re.compile(r"\bset\s+(session\s+|local\s+)?\w+\.|\bset_config\s*\(\s*('\w+\.|[^'\s])", re.IGNORECASE)
_TAKE_BACK = "SELECT pg_catalog.pg_advisory_unlock_all()", "UNLISTEN *", "DISCARD TEMP"


class SessionState:
    """The settings of env.py's session when it began to run migrations.

    Args:
        connection: SQLAlchemy's, which env.py handed to Alembic.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._at_start = self._read()

    def _read(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in rows_of(self._driver, _STATE)}

    @property
    def _driver(self) -> Any:
        return self._connection.connection.dbapi_connection

    @staticmethod
    def is_certain(statements: Iterable[Statement]) -> bool:
        """Whether all that the statements may have set can be taken back; else the next step needs a new session."""
        return not any(_CUSTOM.search(statement.sql) for statement in statements)

    def restore(self, statements: Iterable[Statement]) -> None:
        """Take back what these statements, which have been committed, may have changed.

        Call it where ``is_certain`` says so.
        """
        if not any(_MAY_CHANGE.search(statement.sql) for statement in statements):
            return
        for statement in (*_TAKE_BACK, *self._settings()):
            rows_of(self._driver, statement)
        self._driver.commit()

    def _settings(self) -> Iterable[str]:
        now = self._read()
        # The role first: it decides which settings may be set.
        for name in ("session_authorization", "role"):
            if now.pop(name) != self._at_start[name]:
                yield f"SELECT pg_catalog.set_config({literal(name)}, {literal(self._at_start[name])}, false)"
        for name in now.keys() | (self._at_start.keys() - {"session_authorization", "role"}):
            if name not in self._at_start:
                yield f'RESET "{name}"' if "." not in name else f"RESET {name}"
            elif now.get(name) != self._at_start[name]:
                yield f"SELECT pg_catalog.set_config({literal(name)}, {literal(self._at_start[name])}, false)"
