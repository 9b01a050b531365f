"""Where a DDL file declares an object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pytest_migcheck.core.catalog import ObjectKey
from pytest_migcheck.history.ddl_script import DdlStatement
from pytest_migcheck.sql.statements import ParsedStatement, parse

_PARTS = frozenset(("column", "index", "constraint", "trigger", "rule", "policy"))


class DdlPlaces:
    """The places of what statements create, whose paths are relative to ``root``."""

    def __init__(self, root: Path, statements: Iterable[DdlStatement]) -> None:
        self._root = root
        self._statements = statements

    def locate(self, key: ObjectKey) -> tuple[str, int] | None:
        """The line of an object, else that of the table that it belongs to."""
        own = key.name.partition("(")[0] if key.kind in ("function", "procedure", "aggregate") else key.name
        wanted = [(key.schema, key.parent if key.kind in _PARTS else "", own), (key.schema, "", key.parent or own)]
        found = next((self._lines[place] for place in wanted if place in self._lines), None)
        return None if found is None else (str(self._root / found[0]), found[1])

    @cached_property
    def _lines(self) -> dict[tuple[str, str, str], tuple[str, int]]:
        found: dict[tuple[str, str, str], tuple[str, int]] = {}
        for statement in self._statements:
            for place, line in _made_by(statement, parse(statement.sql)):
                found.setdefault(place, (statement.path, line))
        return found


def _made_by(statement: DdlStatement, parsed: ParsedStatement) -> Iterator[tuple[tuple[str, str, str], int]]:
    if not parsed.kind.startswith(("create ", "alter table")):
        return
    schema, name = _split(parsed.table or parsed.name)
    if parsed.kind.startswith("create "):
        part = _split(parsed.name)[1] if parsed.table and parsed.kind != "create table" else ""
        yield (schema, name if part else "", part or name), statement.line
    for action in parsed.actions:
        if action.name and action.kind.startswith("add"):
            yield (schema, name, action.name), statement.line + _line_within(statement.sql, action.name)


def _split(name: str) -> tuple[str, str]:
    schema, _, bare = name.rpartition(".")
    return schema or "public", bare


def _line_within(sql: str, name: str) -> int:
    """How many lines below its beginning a statement first names a part of it, as its own first word or after one."""
    found = re.search(rf'(?im)(?:^[ \t]*|[(,][ \t]*|\bCONSTRAINT[ \t]+)"?{re.escape(name)}"?(?=\s)', sql)
    return sql.count("\n", 0, found.end()) if found else 0
