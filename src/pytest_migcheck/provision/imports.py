"""Which of the user's modules the migrations import, from the text of the files and the modules that are loaded."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_migcheck.core.reading import is_users_file

# What imports, or runs, code that the text does not name.
_DYNAMIC = frozenset(("import_module", "__import__", "walk_packages", "iter_modules", "exec", "eval", "run_path"))


def imported_files(roots: Iterable[Path]) -> frozenset[Path]:
    """The user's source files that the roots import, directly or not, with the roots.

    All loaded ones of the user, where one of them imports by a computed name.
    """
    names = _module_names()
    pending = [path.resolve() for path in roots]
    found: set[Path] = set()
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found.add(path)
        tree = parsed(path)
        if tree is None:
            continue
        if any(_called_name(node) in _DYNAMIC for node in ast.walk(tree)):
            return frozenset(found | set(names))
        pending += _files_of(_imported_names(tree, names.get(path, "")))
    return frozenset(found)


def parsed(path: Path) -> ast.Module | None:
    """The syntax tree of a file; None where it is no Python or is gone."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def users_modules() -> dict[str, Path]:
    """The user's loaded modules with their source files."""
    found: dict[str, Path] = {}
    for name, module in list(sys.modules.items()):
        source = getattr(module, "__file__", None)
        if isinstance(source, str) and is_users_file(source):
            found[name] = Path(source).resolve()
    return found


def _module_names() -> dict[Path, str]:
    return {path: name for name, path in users_modules().items()}


def _called_name(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _imported_names(tree: ast.Module, module: str) -> Iterator[str]:
    """Every module that the tree's import statements can mean."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                source = getattr(sys.modules.get(module), "__file__", "") or ""
                package = module if source.endswith("__init__.py") else module.rpartition(".")[0]
                for _ in range(node.level - 1):
                    package = package.rpartition(".")[0]
                base = f"{package}.{base}".strip(".")
            yield from _with_parents(base)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _files_of(names: Iterable[str]) -> list[Path]:
    files = []
    for name in names:
        source = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(source, str) and is_users_file(source):
            files.append(Path(source).resolve())
    return files
