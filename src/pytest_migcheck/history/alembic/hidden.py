"""What goes with a table that env.py's filters hide: the view that it maps, the types of its columns."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.history.alembic.filters import Filters
from pytest_migcheck.history.alembic.places import type_name

_VIEWS = ("view", "materialized view")


def goes_with_hidden(difference: Difference, metadata: Sequence[sa.MetaData], filters: Filters) -> bool:
    """Whether a view is mapped by a hidden table, or a type that only the models have is of hidden tables alone."""
    schema, _, name = difference.object.partition(".")
    if difference.kind in _VIEWS:
        return any(map(filters.hides_table, filters.modelled(schema, name)))
    if difference.kind != "type" or difference.change is not Change.REMOVED:
        return False
    # create_all() makes the types of all tables, whichever tables it is to make.
    tables = (table for one in metadata for table in one.tables.values())
    concerned = [t for t in tables if any(type_name(c) == name for c in t.columns)]
    return bool(concerned) and all(map(filters.hides_table, concerned))
