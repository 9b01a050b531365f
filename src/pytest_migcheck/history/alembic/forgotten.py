"""Models that env.py forgot to import: their tables are declared in the project and are not in the metadata.

They are looked for in the source files of the packages that hold the models, which are not imported for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.history.alembic.mapped import registries, users_modules
from pytest_migcheck.history.alembic.sources import SourceTable, tables_in
from pytest_migcheck.history.source import ForgottenTable

_MOST_FILES = 5000
_SKIPPED = frozenset(("node_modules", "__pycache__", "tests", "test", "versions", ".venv", "venv"))


def forgotten_tables(metadata: Sequence[sa.MetaData]) -> tuple[ForgottenTable, ...]:
    """The tables that the project declares on the metadata's bases, and that the metadata lacks."""
    known = {table.name for one in metadata for table in one.tables.values()}
    bases = _base_names(metadata)
    loaded = {str(Path(str(module.__file__)).resolve()): module.__name__ for module in users_modules()}
    found: dict[tuple[str, int], ForgottenTable] = {}
    for path in _files(metadata):
        imported = loaded.get(path)
        for table in tables_in(path):
            if table.name not in known and _is_of_these(table, bases, imported is not None):
                found[path, table.first] = ForgottenTable(
                    name=table.name, path=path, line=table.first, module=imported or _module_name(path),
                    imported=imported is not None,
                )  # fmt: skip
    return tuple(found[key] for key in sorted(found))


def _base_names(metadata: Sequence[sa.MetaData]) -> frozenset[str]:
    """The names of the bases and mapped classes of the metadata: what a forgotten class is derived from."""
    wanted = {id(one) for one in metadata}
    names = {m.class_.__name__ for r in registries() if id(r.metadata) in wanted for m in r.mappers}
    for module in users_modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and id(getattr(value, "metadata", None)) in wanted:
                names |= {name, value.__name__}
    return frozenset(names)


def _is_of_these(table: SourceTable, bases: frozenset[str], imported: bool) -> bool:
    """A class of one of the bases; a call of ``Table`` in a module that was imported is of another metadata."""
    return bool(bases.intersection(table.bases)) if table.bases else not imported and not bases


def _files(metadata: Sequence[sa.MetaData]) -> Iterator[str]:
    """The source files of the packages whose modules hold the metadata or a base of it."""
    wanted = {id(one) for one in metadata}
    packages: set[Path] = set()
    for module in users_modules():
        holds = any(id(v) in wanted or id(getattr(v, "metadata", None)) in wanted for v in list(vars(module).values()))
        top = sys.modules.get(module.__name__.partition(".")[0])
        source = getattr(top, "__file__", None)
        folder = Path(str(source)).resolve().parent if source else None
        # A module that stands alone has no package: its neighbours may be anything.
        if holds and folder is not None and "." in module.__name__ and is_users_file(str(folder)):
            packages.add(folder)
    seen = 0
    for package in sorted(packages):
        for path in sorted(package.rglob("*.py")):
            if _SKIPPED.intersection(path.relative_to(package).parts) or seen >= _MOST_FILES:
                continue
            seen += 1
            yield str(path)


def _module_name(path: str) -> str:
    """The dotted name under which a file would be imported."""
    place = Path(path)
    parts = [place.stem] if place.stem != "__init__" else []
    while (place.parent / "__init__.py").exists():
        place = place.parent
        parts.insert(0, place.name)
    return ".".join(parts)
