"""Find declarations in source text, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A class or a call of ``Table`` in a file.

    ``bases`` are the last words of what the class is derived from, ``metadata`` the words of what the call is given;
    ``schema`` is "" where it is not written there.
    """

    name: str
    path: str
    first: int
    last: int
    bases: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    schema: str = ""

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
            schema = _schema(_assigned(node, "__table_args__"))
            yield SourceTable(name, path, node.lineno, node.end_lineno or node.lineno, bases, schema=schema)
    elif isinstance(node, ast.Call) and node.args and last_word(node.func) == "Table":
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            metadata = _words(node.args[1]) if len(node.args) > 1 else ()
            schema = next((_text(k.value) for k in node.keywords if k.arg == "schema"), "")
            last = node.end_lineno or node.lineno
            yield SourceTable(first.value, path, node.lineno, last, metadata=metadata, schema=schema)


def _table_name(node: ast.ClassDef) -> str | None:
    abstract = _assigned(node, "__abstract__")
    if isinstance(abstract, ast.Constant) and abstract.value is True:
        return None
    name = _text(_assigned(node, "__tablename__"))
    if name:
        return name
    is_table = (k.arg == "table" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords)
    return node.name.lower() if any(is_table) else None


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    """What the body of a class gives a name."""
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == name for t in targets):
            value: ast.expr | None = getattr(statement, "value", None)
            return value
    return None


def _schema(arguments: ast.expr | None) -> str:
    """The schema of ``__table_args__``: a dictionary, or the last of a tuple."""
    if isinstance(arguments, ast.Tuple) and arguments.elts:
        arguments = arguments.elts[-1]
    if not isinstance(arguments, ast.Dict):
        return ""
    return next((_text(v) for k, v in zip(arguments.keys, arguments.values, strict=True) if _text(k) == "schema"), "")


def _text(expression: ast.expr | None) -> str:
    is_text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    return str(expression.value) if is_text and isinstance(expression, ast.Constant) else ""


def _words(expression: ast.expr) -> tuple[str, ...]:
    """``("Base", "metadata")`` of ``Base.metadata``; nothing of what is no dotted name."""
    if isinstance(expression, ast.Attribute):
        before = _words(expression.value)
        return (*before, expression.attr) if before else ()
    return (expression.id,) if isinstance(expression, ast.Name) else ()


@lru_cache(maxsize=256)
def names_of(path: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a module makes at its top level, and what it may import: ``a`` and ``a.b`` of ``from a import b``."""
    try:
        tree = ast.parse(source_text(path))
    except SyntaxError:
        return frozenset(), frozenset()
    made: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            made.add(statement.name)
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        made |= {t.id for t in targets if isinstance(t, ast.Name)}
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(made), frozenset(imported)


def last_word(expression: ast.expr) -> str:
    """``Table`` of ``sa.Table``."""
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", "")
