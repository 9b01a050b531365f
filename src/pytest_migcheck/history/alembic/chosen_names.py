"""Which constraints and indexes of the models have a name that somebody chose, himself or by a naming convention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pytest_migcheck.core.catalog import ObjectKey

_preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]


@dataclass(slots=True)
class ChosenNames:
    """The names that stand in the models; ``modelled`` gives their tables of a schema and name."""

    modelled: Callable[[str, str], Sequence[sa.Table]]
    _of_table: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def has(self, key: ObjectKey) -> bool:
        """Whether the models give a constraint or an index its name."""
        table = (key.schema, key.parent)
        if table not in self._of_table:
            self._of_table[table] = frozenset(_names(self.modelled(*table)))
        return key.name in self._of_table[table]


def _names(tables: Iterable[sa.Table]) -> Iterator[str]:
    for table in tables:
        parts: list[sa.Constraint | sa.Index] = [*table.constraints, *table.indexes]
        yield from filter(None, map(_name, parts))


def _name(part: sa.Constraint | sa.Index) -> str | None:
    """The name as DDL spells it: conventions applied, too long ones cut. One that is still None has no convention."""
    if part.name is None:
        return None
    try:
        return _preparer.format_constraint(part, _alembic_quote=False)
    except (sa.exc.InvalidRequestError, sa.exc.IdentifierError):
        return None  # DDL cannot spell it, so it is not in the database: the CHECK of a Boolean, on this server
