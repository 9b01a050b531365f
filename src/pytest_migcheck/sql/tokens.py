"""Words of a SQL text, alike over the versions of sqlglot that are supported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import sqlglot

_LITERAL = re.compile(r"""["']|[A-Za-z&]{1,2}['"]|\$[^\W\d]*\w*\$""")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: ``key`` is upper case for what may be a keyword, "" for strings and quoted names.

    ``start`` and ``end`` are offsets in the text, ``end`` exclusive.
    """

    text: str
    key: str
    start: int
    end: int


@lru_cache(maxsize=256)
def words(sql: str) -> tuple[Word, ...] | None:
    """The words of a text; None where sqlglot cannot read it."""
    try:
        return tuple(_read(sql, 0))
    except Exception:  # noqa: BLE001 - versions differ in what they raise on odd input, and none may end a run
        return None


def _read(sql: str, offset: int) -> Iterator[Word]:
    previous_end = 0
    for token in sqlglot.tokenize(sql, read="postgres"):
        start, end = token.start, token.end + 1
        raw = sql[start:end]
        rest = sql[previous_end:end]
        if previous_end and token.token_type.name == "STRING" and rest.strip() == token.text.strip():
            # What follows VACUUM, REINDEX, LOCK and the like comes as one string that is not in quotes.
            yield from _read(rest, offset + previous_end)
        elif _LITERAL.match(raw):
            yield Word(token.text, "", offset + start, offset + end)
        else:
            yield from _plain(raw, offset + start)
        previous_end = end


def _plain(raw: str, offset: int) -> Iterator[Word]:
    """The words of a token; sqlglot joins some ("PRIMARY KEY"), differently from version to version."""
    for part in re.finditer(r"\S+", raw):
        yield Word(part[0], part[0].upper(), offset + part.start(), offset + part.end())
