"""The SQL that Alembic code stands for, so that advice on a SQL file is SQL."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

_CODE = re.compile(r"\b(?:op|sa)\.\w+|\braise \w+")
_SQL = re.compile(r"(?i)\s*(?:update|delete|insert|select|alter|create|drop)\b")
_COLUMN = re.compile(r"sa\.Column\(")
_SOME_NAME = "..."
_WAY_BACK = "in downgrade()"
OUTSIDE = "-- outside of a transaction"
# A driver that marks parameters with a percent sign has every other one doubled.
_SPELLING = {"paramstyle": "named"}


def sql_of(code: str) -> str:
    """The same in SQL; a text that is no Alembic code stays as it is, and what has no SQL becomes a comment."""
    if not _CODE.search(code):
        return "\n".join(_comment(line) if line.startswith("#") else line for line in code.splitlines())
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return "\n".join(_comment(line) for line in code.splitlines() if not _CODE.search(line))
    lines = code.splitlines()
    shown: list[str] = []
    done = 0
    for node in tree.body:
        shown += [_comment(line) for line in lines[done : node.lineno - 1] if line.strip().startswith("#")]
        done = node.end_lineno or node.lineno
        remark = lines[done - 1].encode()[node.end_col_offset :].decode().strip()
        if _WAY_BACK in remark:
            shown.append("-- in the script of the way back")
        shown += _statement(node)
        if remark and _WAY_BACK not in remark:
            alone = not shown or shown[-1].startswith("--")
            shown[-1:] = [*shown[-1:], _comment(remark)] if alone else [f"{shown[-1]}   {_comment(remark)}"]
    shown += [_comment(line) for line in lines[done:] if line.strip().startswith("#")]
    return "\n".join(shown)


def _comment(line: str) -> str:
    text = line.strip().lstrip("# ")
    return f"-- {text.replace(_WAY_BACK, 'in the script of the way back').replace('revision', 'migration')}"


def _statement(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.With):
        yield OUTSIDE
        for inner in node.body:
            yield from _statement(inner)
        return
    if isinstance(node, ast.Raise):
        said = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        yield f"-- there is no way back{': ' + said[0] if said else ''}"
        return
    try:
        yield from _offline(ast.unparse(node))
    except Exception:  # noqa: BLE001 - code that asks a database something has no SQL of its own; its texts have
        yield from _texts(node)


def _column(column: sa.Column[Any]) -> str:
    """A column as CREATE TABLE and ADD COLUMN spell it."""
    dialect = _dialect()
    name = column.name if column.name == _SOME_NAME else dialect.identifier_preparer.quote(column.name)
    checks = (c.sqltext for c in column.constraints if isinstance(c, sa.CheckConstraint))
    always = column.identity is not None and column.identity.always
    parts = [
        name,
        column.type.compile(dialect=dialect),
        f"GENERATED {'ALWAYS' if always else 'BY DEFAULT'} AS IDENTITY" if column.identity is not None else "",
        "PRIMARY KEY" if column.primary_key else "",
        *(f"CHECK ({check})" for check in checks),
    ]
    return " ".join(filter(None, parts))


def _dialect() -> Any:
    dialect: Any = postgresql.dialect
    return dialect(**_SPELLING)


def _texts(node: ast.stmt) -> Iterator[str]:
    """The SQL texts of code that loops or asks."""
    found = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    texts = [text for text in found if _SQL.match(text)]
    if isinstance(node, ast.For):
        yield "-- from a program, for one range after the other, each in a transaction of its own:"
    yield from (f"{text.rstrip(';')};" for text in texts)


class _Operations:
    """``op`` as the code knows it, over no database."""

    def __init__(self, buffer: io.StringIO) -> None:
        context = MigrationContext.configure(
            dialect_name="postgresql",
            opts={"as_sql": True, "output_buffer": buffer, "literal_binds": True},
            dialect_opts=_SPELLING,
        )
        self._operations = Operations(context)
        self._buffer = buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operations, name)

    def get_bind(self) -> Any:
        dialect = _dialect()

        def write(statement: Any, *_arguments: Any, **_keywords: Any) -> None:
            text = str(statement.compile(dialect=dialect))
            self._buffer.write(f"{text.strip()};\n")

        return sa.create_mock_engine("postgresql+psycopg://", write)

    def get_context(self) -> Any:
        return self

    def autocommit_block(self) -> AbstractContextManager[None]:
        return nullcontext()


def _offline(code: str) -> Iterator[str]:
    buffer = io.StringIO()
    names = {"op": _Operations(buffer), "sa": sa, "postgresql": postgresql}
    # The code is that of our own rules, with names of the user's as literals.
    if _COLUMN.match(code):
        yield _column(eval(code.replace("(...,", f"({_SOME_NAME!r},", 1), names))  # noqa: S307
        return
    exec(compile(code, "<fix>", "exec"), names)  # noqa: S102
    lines = (line.rstrip() for line in buffer.getvalue().splitlines())
    yield from (line for line in lines if line.strip())
