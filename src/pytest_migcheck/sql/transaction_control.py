"""Tell the statements that end a transaction from all others."""

from __future__ import annotations

import re
from functools import lru_cache

from pytest_migcheck.sql.split import split
from pytest_migcheck.sql.tokens import words

_MAY_END = re.compile(r"\b(commit|end|rollback|abort)\b", re.IGNORECASE)
_ENDS = frozenset(("COMMIT", "END", "ROLLBACK", "ABORT"))
# These work on a savepoint, or on a transaction that was prepared before; the one that is open goes on.
_GO_ON = frozenset(("TO", "PREPARED"))


@lru_cache(maxsize=2048)
def ends_transaction(sql: str) -> bool:
    """Whether a statement of this string commits or rolls back the transaction that it runs in.

    https://www.postgresql.org/docs/current/sql-commit.html, sql-rollback.html and sql-end.html
    """
    return _MAY_END.search(sql) is not None and any(map(_ends, split(sql)))


def _ends(statement: str) -> bool:
    keys = [word.key for word in words(statement) or ()]
    optional = keys[1:2] in (["WORK"], ["TRANSACTION"])
    following = keys[2 if optional else 1 :][:1]
    return keys[:1] != [] and keys[0] in _ENDS and not (following and following[0] in _GO_ON)
