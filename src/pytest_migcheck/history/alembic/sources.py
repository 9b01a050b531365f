"""Find declarations in source text, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A class or a call of ``Table`` in a file; ``bases`` are the last words of what the class is derived from."""

    name: str
    path: str
    first: int
    last: int
    bases: tuple[str, ...] = ()

    def lines(self) -> Iterator[tuple[int, str]]:
        lines = source_text(self.path).splitlines()[self.first - 1 : self.last]
        return enumerate(lines, self.first)


@lru_cache(maxsize=256)
def source_text(path: str) -> str:
    """The text of a file, "" where it is none of Python's."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@lru_cache(maxsize=256)
def tables_in(path: str) -> tuple[SourceTable, ...]:
    """The tables that a file declares: classes with ``__tablename__``, SQLModel's tables, calls of ``Table``."""
    text = source_text(path)
    if not any(word in text for word in ("__tablename__", "Table(", "table=True")):
        return ()
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ()
    return tuple(table for node in ast.walk(tree) for table in _table(node, path))


def _table(node: ast.AST, path: str) -> Iterator[SourceTable]:
    if isinstance(node, ast.ClassDef):
        name = _table_name(node)
        if name is not None:
            bases = tuple(last_word(base) for base in node.bases)
            yield SourceTable(name, path, node.lineno, node.end_lineno or node.lineno, bases)
    elif isinstance(node, ast.Call) and node.args and last_word(node.func) == "Table":
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield SourceTable(first.value, path, node.lineno, node.end_lineno or node.lineno)


def _table_name(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        named = any(isinstance(t, ast.Name) and t.id == "__tablename__" for t in targets)
        if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    is_table = (k.arg == "table" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords)
    return node.name.lower() if any(is_table) else None


def last_word(expression: ast.expr) -> str:
    """``Table`` of ``sa.Table``."""
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
