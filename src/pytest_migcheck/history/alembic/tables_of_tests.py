"""Tables that tests declare on the models' own metadata: they are in it because pytest imported the tests first."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import sqlalchemy as sa

from pytest_migcheck.history.alembic.mapped import mapped_classes, users_modules


def tables_of_tests(metadata: Sequence[sa.MetaData], files: Collection[Path]) -> dict[sa.Table, str]:
    """The tables that only modules of tests declare, with the file of each; none where all of the metadata are.

    Args:
        metadata: what is compared.
        files: the test modules and conftests that pytest has imported.
    """
    if not files:
        return {}
    tables = {table for one in metadata for table in one.tables.values()}
    origins: dict[sa.Table, set[Path]] = {}
    for mapper in mapped_classes(metadata):
        if isinstance(mapper.local_table, sa.Table):
            module = sys.modules.get(mapper.class_.__module__)
            origins.setdefault(mapper.local_table, set()).add(_file(getattr(module, "__file__", None)))
    # A table may be no class's, or be mapped elsewhere than it is made.
    for module in users_modules():
        for value in list(vars(module).values()):
            if issubclass(type(value), sa.Table) and value in tables:
                origins.setdefault(value, set()).add(_file(module.__file__))
    found = {table: str(min(places)) for table, places in origins.items() if places <= set(files)}
    return {} if found.keys() == tables else found


def _file(path: str | None) -> Path:
    return Path(path or "").resolve()
