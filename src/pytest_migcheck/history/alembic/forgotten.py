"""Models that env.py forgot to import: their tables are declared in the project and are not in the metadata.

They are looked for in the source files of the packages that hold the models, and of those beside them that import one
of these modules; none is imported for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from pytest_migcheck.core.reading import is_users_file
from pytest_migcheck.history.alembic.mapped import attribute_of, mappers_of, registries, users_modules
from pytest_migcheck.history.alembic.sources import SourceTable, names_of, tables_in
from pytest_migcheck.history.source import ForgottenTable

_MOST_FILES = 5000
_SKIPPED = frozenset(("node_modules", "__pycache__", "tests", "test", "versions", ".venv", "venv"))


def forgotten_tables(
    metadata: Sequence[sa.MetaData], hidden: Callable[[str, str], bool] = lambda schema, name: False
) -> tuple[ForgottenTable, ...]:
    """The tables that the project declares on the metadata's bases, and that the metadata lacks.

    Args:
        metadata: what is compared.
        hidden: tells of a schema and a table whether the comparison leaves it out.
    """
    tables = [table for one in metadata for table in one.tables.values()]
    known = {(schema, t.name) for t in tables for schema in ("", t.schema or "public")}
    names = _names(metadata)
    loaded = {str(Path(str(module.__file__)).resolve()): module.__name__ for module in users_modules()}
    found: dict[tuple[str, int], ForgottenTable] = {}
    for path, is_own in _files(names):
        imported, declared = loaded.get(path), tables_in(path)
        if declared and not is_own and (imported is not None or not names.modules & names_of(path)[1]):
            continue
        for table in declared:
            if (table.schema, table.name) in known or hidden(table.schema or "public", table.name):
                continue
            if names.declares(table, is_own=is_own, imported=imported is not None):
                found[path, table.first] = ForgottenTable(
                    name=table.name, schema=table.schema, path=path, line=table.first,
                    module=imported or _module_name(path), imported=imported is not None,
                )  # fmt: skip
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the users' modules call the metadata, the bases and mapped classes of it, and which modules hold one."""

    bases: frozenset[str]
    metadata: frozenset[str]
    modules: frozenset[str]

    def declares(self, table: SourceTable, *, is_own: bool, imported: bool) -> bool:
        """Whether a table in source is one of this metadata; a call that has run has made one of another."""
        made = names_of(table.path)[0]
        if table.bases:
            # Within the package a second base of that name is worth a word; elsewhere it is somebody else's.
            return bool(self.bases.intersection(table.bases).difference(() if is_own else made))
        if imported:
            return False
        if not self.bases:
            return True
        words = table.metadata
        if not words or words[0] in made:
            return False
        return words[-1] in self.metadata or (words[-1] == "metadata" and len(words) > 1 and words[-2] in self.bases)


def _names(metadata: Sequence[sa.MetaData]) -> _Names:
    wanted = {id(one) for one in metadata}
    bases = {m.class_.__name__ for r in registries() if id(r.metadata) in wanted for m in mappers_of(r)}
    names: set[str] = set()
    modules: set[str] = set()
    for module in users_modules():
        for name, value in list(vars(module).items()):
            if id(value) in wanted:
                names.add(name)
            elif issubclass(type(value), type) and id(attribute_of(value, "metadata")) in wanted:
                bases |= {name, value.__name__}
            elif id(attribute_of(value, "metadata")) not in wanted:
                continue
            modules.add(module.__name__)
    return _Names(bases=frozenset(bases), metadata=frozenset(names), modules=frozenset(modules))


def _files(names: _Names) -> Iterator[tuple[str, bool]]:
    """The source files of the packages that hold the metadata or a base of it, with True, and of those beside them."""
    own: set[Path] = set()
    roots: set[Path] = set()
    for module in (m for m in users_modules() if m.__name__ in names.modules):
        top: ModuleType | None = sys.modules.get(module.__name__.partition(".")[0])
        source = getattr(top, "__file__", None)
        folder = Path(str(source)).resolve().parent if source else None
        if folder is None or folder.name in _SKIPPED or not is_users_file(str(folder)):
            continue
        # A module that stands alone has no package: its neighbours may be anything.
        is_package = "." in module.__name__ or Path(str(source)).stem == "__init__"
        if "." in module.__name__:
            own.add(folder)
        root = folder.parent if is_package else folder
        roots |= {root, root.parent} if root.name == "src" else {root}
    beside = {p.parent for root in roots for pattern in ("*", "src/*") for p in root.glob(f"{pattern}/__init__.py")}
    seen = 0
    for package in (*sorted(own), *sorted(p for p in beside - own if p.name not in _SKIPPED)):
        for path in sorted(package.rglob("*.py")):
            if _SKIPPED.intersection(path.relative_to(package).parts) or seen >= _MOST_FILES:
                continue
            seen += 1
            yield str(path), package in own


def _module_name(path: str) -> str:
    """The dotted name under which a file would be imported."""
    place = Path(path)
    parts = [place.stem] if place.stem != "__init__" else []
    while (place.parent / "__init__.py").exists():
        place = place.parent
        parts.insert(0, place.name)
    return ".".join(parts)
