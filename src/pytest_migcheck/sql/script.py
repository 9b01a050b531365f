"""Cut a script as psql takes it into statements and psql's own commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<command>\\[^\n]*)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<sign>\d[\w.]*|.)""",
    re.VERBOSE | re.DOTALL,
)
_COPIED = re.compile(r"COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)
_END_OF_DATA = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_COMMAND = re.compile(r"\\(\w+\+?|.?)\s*(.*?)\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStatement:
    """A statement and the line of the script that it begins in."""

    sql: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCommand:
    r"""A command of psql, such as ``\connect``, to the end of its line; ``within`` an unfinished statement or not."""

    name: str
    argument: str
    line: int
    within: bool


def script_parts(script: str) -> Iterator[ScriptStatement | ScriptCommand]:
    r"""The statements of a script, such as the output of ``pg_dump``, and the commands between them.

    The rows that follow ``COPY ... FROM stdin`` are left out.
    """
    reading = _Reading(script)
    while (part := reading.next_part()) is not None:
        yield part


class _Reading:
    """A place in a script."""

    def __init__(self, script: str) -> None:
        self._script = script.removeprefix("\ufeff")
        self._place = 0
        self._line, self._counted = 1, 0

    def next_part(self) -> ScriptStatement | ScriptCommand | None:
        start: int | None = None
        depth = atomic = 0
        previous = ""
        while self._place < len(self._script):
            here = self._place
            kind, word = self._word()
            if kind == "space":
                continue
            if kind == "command":
                return self._command(word, here, within=start is not None)
            if word == ";" and depth <= 0 and not atomic:
                found = self._statement(start, here)
                if found is not None:
                    return found
                start = None
                continue
            start = here if start is None else start
            depth += {"(": 1, ")": -1}.get(word, 0)
            atomic += _nesting(word.upper(), previous, atomic) if kind == "word" else 0
            previous = word.upper()
        return self._statement(start, len(self._script))

    def _statement(self, start: int | None, end: int) -> ScriptStatement | None:
        """The statement between two places; None for nothing and for rows that are copied in."""
        if start is None:
            return None
        sql = self._script[start:end].strip()
        if _COPIED.match(sql):
            data = _END_OF_DATA.search(self._script, end)
            self._place = data.end() if data else len(self._script)
            return None
        return ScriptStatement(sql=sql, line=self._line_of(start))

    def _command(self, text: str, place: int, *, within: bool) -> ScriptCommand:
        found = _COMMAND.match(text)
        assert found is not None  # every part of it may be empty
        return ScriptCommand(name=found[1], argument=found[2], line=self._line_of(place), within=within)

    def _line_of(self, place: int) -> int:
        self._line += self._script.count("\n", self._counted, place)
        self._counted = place
        return self._line

    def _word(self) -> tuple[str, str]:
        match = _WORDS.match(self._script, self._place)
        assert match is not None  # the last alternative takes any character
        kind, word = str(match.lastgroup), match[0]
        self._place = match.end()
        if kind == "comment":
            self._place = self._end_of_comment(match.end())
            return "space", ""
        if kind == "dollar":
            end = self._script.find(word, match.end())
            self._place = len(self._script) if end < 0 else end + len(word)
            return "string", ""
        return kind, word

    def _end_of_comment(self, place: int) -> int:
        """Comments nest: https://www.postgresql.org/docs/current/sql-syntax-lexical.html."""
        depth = 1
        for sign in re.compile(r"/\*|\*/").finditer(self._script, place):
            depth += 1 if sign[0] == "/*" else -1
            if not depth:
                return sign.end()
        return len(self._script)


def _nesting(word: str, previous: str, atomic: int) -> int:
    """How a word changes the depth in the body of a function that is written in SQL: BEGIN ATOMIC ... END."""
    if (word == "ATOMIC" and previous == "BEGIN") or (atomic and word == "CASE"):
        return 1
    return -1 if atomic and word == "END" else 0
