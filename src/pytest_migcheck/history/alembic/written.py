"""What stands where in the source of a revision, without running it."""

from __future__ import annotations

import ast
import re
import tokenize
from io import BytesIO
from pathlib import Path

UPGRADE, DOWNGRADE = "upgrade", "downgrade"


def _parsed(path: str) -> ast.Module:
    """The syntax tree of a file; an empty one of a file that is compiled."""
    return ast.parse(b"" if path.endswith((".pyc", ".pyo")) else Path(path).read_bytes())


def definition_lines(path: str) -> dict[str, int]:
    """The line of each function and of each name that the module assigns."""
    lines: dict[str, int] = {}
    for node in _parsed(path).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            lines.update({t.id: node.lineno for t in node.targets if isinstance(t, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            lines[node.target.id] = node.lineno
    return lines


def line_of(path: str, name: str) -> int:
    """The line that defines a name, 1 where none does."""
    return definition_lines(path).get(name, 1)


def docstring(path: str) -> str:
    """The docstring as it is written, which ``python -OO`` takes away from the loaded module."""
    return ast.get_docstring(_parsed(path)) or ""


def is_revision(path: Path) -> bool:
    """Whether a file says its revision and the one before it, and how to upgrade: then nothing else is meant."""
    try:
        return {"revision", "down_revision", UPGRADE} <= definition_lines(str(path)).keys()
    except (OSError, SyntaxError, ValueError):
        return False


def unreadable(path: str) -> str | None:
    """Why Python cannot read the characters of a file, with the line and the way out; None where it can."""
    raw = Path(path).read_bytes()
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        return (
            f"{path}:{line}: the file holds a NUL byte, so Python does not read it\n"
            "what to do: restore the file, or save it as UTF-8 where it is UTF-16"
        )
    try:
        encoding = tokenize.detect_encoding(BytesIO(raw).readline)[0]
    except SyntaxError as error:
        return _wrong_declaration(path, raw, str(error))
    return _not_in(path, raw, encoding)


def _wrong_declaration(path: str, raw: bytes, why: str) -> str | None:
    """What is wrong with the line ``# -*- coding: ... -*-``; without one, ``detect_encoding`` says "invalid"."""
    for number, line in enumerate(raw.split(b"\n")[:2], 1):
        declared = re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if declared:
            text = declared[1].decode("ascii", "replace")
            return (
                f"{path}:{number}: Python does not know the encoding that the file declares, {text!r}\n"
                "valid: # -*- coding: utf-8 -*-, or no such line, which means UTF-8"
            )
    return _not_in(path, raw, "utf-8") or f"{path}:1: {why}"


def _not_in(path: str, raw: bytes, encoding: str) -> str | None:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return (
            f"{path}:{line}: the byte 0x{raw[error.start]:02x} is not {encoding}, the encoding of the file\n"
            "what to do: save the file as UTF-8, or declare its encoding in the first line: # -*- coding: latin-1 -*-"
        )
    return None
