"""Which of the user's modules the migrations import, from the text of the files and the modules that are loaded."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_migcheck.core.reading import Evidence, is_users_file

# What imports, or runs, code that the text does not name.
_DYNAMIC = frozenset(("import_module", "__import__", "walk_packages", "iter_modules", "exec", "eval", "run_path"))


def imported_files(roots: Iterable[Path], evidence: Evidence) -> frozenset[Path]:
    """The user's source files that the roots import, directly or not, with the roots.

    All loaded ones of the user, where one of them imports by a computed name. ``evidence`` is that of the process that
    has loaded them.
    """
    names = {path: name for name, path in evidence.users_modules().items()}
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
        pending += _files_of(_imported_names(tree, names.get(path, ""), evidence.sources), evidence.sources)
    return frozenset(found)


def parsed(path: Path) -> ast.Module | None:
    """The syntax tree of a file; None where it is no Python or is gone."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _called_name(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _imported_names(tree: ast.Module, module: str, sources: Mapping[str, str]) -> Iterator[str]:
    """Every module that the tree's import statements can mean."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                source = sources.get(module, "")
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


def _files_of(names: Iterable[str], sources: Mapping[str, str]) -> list[Path]:
    files = []
    for name in names:
        source = sources.get(name)
        if source is not None and is_users_file(source):
            files.append(Path(source).resolve())
    return files
