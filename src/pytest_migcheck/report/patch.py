"""The fixes that are exact, as a patch: each takes the place of the call that a finding points to."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

# A call that makes one statement of its own; what else stands in a revision makes several.
_CALLS = frozenset(("create_index", "drop_index", "create_unique_constraint", "execute"))


def patch_of(findings: Sequence[Mapping[str, Any]], root: Path) -> str:
    """A unified diff with the exact fixes of findings, for ``git apply``; empty where there are none.

    Args:
        findings: in the form of the JSON report.
        root: the directory that paths are relative to.
    """
    wanted: dict[Path, dict[int, set[str]]] = {}
    for finding in findings:
        if finding["replacement"] and finding["path"] and not finding["suppressed"]:
            lines = wanted.setdefault(Path(finding["path"]), {})
            lines.setdefault(finding["line"], set()).add(finding["replacement"])
    return "".join(_file_patch(path, lines, root) for path, lines in sorted(wanted.items()))


def _file_patch(path: Path, replacements: Mapping[int, set[str]], root: Path) -> str:
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ""
    before = source.splitlines(keepends=True)
    after = list(before)
    for call in sorted(_calls(tree), key=lambda node: -node.lineno):
        fixes = [fix for line, found in replacements.items() if call.lineno <= line <= _end(call) for fix in found]
        # A line that makes several statements, in a loop for example, has no one replacement.
        if len(fixes) == 1:
            margin = before[call.lineno - 1][: call.col_offset]
            after[call.lineno - 1 : _end(call)] = [indent(fixes[0], margin) + "\n"]
    if before == after or not path.is_relative_to(root):
        return ""
    name = path.relative_to(root).as_posix()
    lines = difflib.unified_diff(before, "".join(after).splitlines(keepends=True), f"a/{name}", f"b/{name}")
    return "".join(lines)


def _calls(tree: ast.Module) -> list[ast.Expr]:
    """The statements ``op.create_index(...)`` and the like that stand directly in a function."""
    return [
        statement
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        if isinstance(statement, ast.Expr) and _is_one_statement(statement.value)
    ]


def _is_one_statement(node: ast.expr) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "op"
        and function.attr in _CALLS
    )


def _end(node: ast.Expr) -> int:
    return node.end_lineno or node.lineno
