"""Types that change: labels that are added, and types that are made anew with their columns moved over."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_migcheck.checks.restoring_sql import address, execute, is_table, quoted, spare_name
from pytest_migcheck.checks.restoring_types import added_labels
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text

REMADE = frozenset(("labels", "base type", "subtype", "collation", "form"))


def is_remade(names: frozenset[str], key: ObjectKey, old: Attributes, new: Attributes) -> bool:
    """Whether the type is made anew and its columns are moved, because no ALTER does it."""
    if names != {"labels"}:
        return bool(names & REMADE)
    return added_labels(key, text(old.get("labels")), text(new.get("labels"))) is None


def spelt(key: ObjectKey) -> str:
    """The type as the catalog writes it."""
    return f"{quoted(key.schema)}.{quoted(key.name)}"


def remade(key: ObjectKey, before: Catalog, after: Catalog, created: str) -> str:
    """PostgreSQL cannot take a value away: the type is made anew, and its columns are moved over.

    The functions and the multirange that come with a range take no second type of the name: its columns are text
    meanwhile.
    """
    form = after.objects[key].get("form")
    kind, is_range = "DOMAIN" if form == "domain" else "TYPE", form == "range"

    def moved(to: str, *, dropped: bool = False) -> list[str]:
        columns = _columns(key, after)
        return [line for c, array in columns for line in _moved(c, before, after, f"{to}{array}", dropped=dropped)]

    back = moved(spelt(key), dropped=is_range)
    if is_range:
        away = moved("text")
        return "\n".join([*away, execute(f"DROP TYPE {address(key)}"), created, *back])
    spare = spare_name(key.name)
    renamed = execute(f"ALTER {kind} {address(key)} RENAME TO {quoted(spare)}")
    return "\n".join([renamed, created, *back, execute(f"DROP {kind} {address(key._replace(name=spare))}")])


def _columns(key: ObjectKey, after: Catalog) -> Iterator[tuple[ObjectKey, str]]:
    """The columns of the type, each with the brackets of an array of it."""
    for column, attributes in sorted((k, a) for k, a in after.objects.items() if k.kind == "column"):
        name, bracket, rest = text(attributes.get("type")).partition("[")
        own = name == spelt(key) and not attributes.get("inherited") and not attributes.get("generated")
        if own and is_table(column, after):
            yield column, bracket + rest


def _moved(column: ObjectKey, before: Catalog, after: Catalog, kind: str, *, dropped: bool = False) -> list[str]:
    """Give a column a type; ``dropped`` says that its default has gone already."""
    alter = f"ALTER TABLE {quoted(column.schema)}.{quoted(column.parent)} ALTER COLUMN {quoted(column.name)}"
    wanted, present = before.objects.get(column, {}), after.objects[column]
    default = text(wanted.get("default")) if wanted.get("type") == present.get("type") else ""
    lines = [execute(f"{alter} DROP DEFAULT")] if present.get("default") and not dropped else []
    through = "text[]" if kind.endswith("]") else "text"
    using = f"{quoted(column.name)}::{through}" + ("" if kind == through else f"::{kind}")
    lines.append(execute(f"{alter} TYPE {kind} USING {using}"))
    return [*lines, execute(f"{alter} SET DEFAULT {default}")] if default and kind != through else lines
