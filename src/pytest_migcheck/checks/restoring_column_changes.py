"""Code that gives a column its attributes back, in an order that PostgreSQL takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_migcheck.checks.restoring_casts import cast
from pytest_migcheck.checks.restoring_columns import (
    add_column,
    identity_clause,
    is_serial,
    owned_sequence,
    sa_type,
)
from pytest_migcheck.checks.restoring_database import changed_options
from pytest_migcheck.checks.restoring_sql import (
    address,
    comment_of,
    execute,
    is_table,
    quoted,
    sa_text,
    schema_argument,
)
from pytest_migcheck.checks.restoring_types import attribute_type
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.rules import _code as code

_HANDLED = frozenset(
    ("type", "not null", "default", "identity", "generated", "collation", "not null constraint", "fdw options")
)
_SET_EXPRESSION_SINCE = 170000
# PostgreSQL casts within these by itself.
_FAMILIES = (
    re.compile(r"text|character varying(\(\d+\))?|character(\(\d+\))?"),
    re.compile(r"smallint|integer|bigint|numeric(\(.+\))?|real|double precision"),
    re.compile(r"timestamp(\(\d\))? with(out)? time zone"),
)


def column_changes(
    key: ObjectKey, before: Catalog, after: Catalog, names: Sequence[str], version: int
) -> tuple[list[str | None], list[str]]:
    """Lines, and the names of the attributes that they leave to others; a line is None where nothing is certain."""
    wanted = frozenset(names) & _HANDLED
    left = [n for n in names if n not in _HANDLED]
    if ObjectKey("composite type", key.schema, "", key.parent) in after.objects:
        kind = attribute_type(before.objects[key])
        return [execute(f"ALTER TYPE {_table(key)} ALTER ATTRIBUTE {quoted(key.name)} TYPE {kind}")], left
    if wanted and not is_table(key, after):
        return [_of_view(key, before, wanted)], left
    column = _Column(key, before, after)
    if "generated" in wanted:
        return column.generated(version, wanted), left
    without_default = column.default_of_sequence(wanted)
    lines: list[str | None] = [*without_default]
    if "identity" in wanted and not column.old.get("identity"):
        lines.append(column.alter("DROP IDENTITY"))
    if {"identity", "default"} & wanted and (column.new.get("identity") or not column.owns_sequence):
        lines += column.serial_again()
    if {"type", "collation"} & wanted:
        lines += column.type(wanted)
    lines += column.rest(wanted - {"default"} if without_default else wanted)
    if "identity" in wanted and column.old.get("identity"):
        lines += column.identity()
    if "not null constraint" in wanted and column.old.get("not null"):
        lines.append(column.name_of_not_null())
    if "fdw options" in wanted:
        options = changed_options(text(column.old.get("fdw options")), text(column.new.get("fdw options")))
        lines.append(execute(f"ALTER FOREIGN TABLE {_table(key)} ALTER COLUMN {quoted(key.name)} {options}"))
    return lines, left


def _of_view(key: ObjectKey, before: Catalog, names: frozenset[str]) -> str | None:
    if names != {"default"}:
        return None
    default = text(before.objects[key].get("default"))
    action = f"SET DEFAULT {default}" if default else "DROP DEFAULT"
    return execute(f"ALTER VIEW {_table(key)} ALTER COLUMN {quoted(key.name)} {action}")


def _table(key: ObjectKey) -> str:
    return f"{quoted(key.schema)}.{quoted(key.parent)}"


class _Column:
    """A column on both sides."""

    def __init__(self, key: ObjectKey, before: Catalog, after: Catalog) -> None:
        self._key = key
        self._before, self._after = before, after
        self.old: Attributes = before.objects[key]
        self.new: Attributes = after.objects[key]

    @property
    def owns_sequence(self) -> bool:
        return owned_sequence(self._key, self._after) is not None

    def alter(self, action: str) -> str:
        return execute(f"ALTER TABLE {_table(self._key)} ALTER COLUMN {quoted(self._key.name)} {action}")

    def call(self, *arguments: str) -> str:
        where = (code.text(self._key.parent), code.text(self._key.name))
        return code.call("alter_column", *where, *arguments, *schema_argument(self._key.schema))

    def generated(self, version: int, names: frozenset[str]) -> list[str | None]:
        """Its values can be computed again: a new expression is a new column where there is no ALTER for it."""
        old, new = text(self.old.get("generated")), text(self.new.get("generated"))
        if not old and new.startswith("s"):
            retyped = self.type(names) if {"type", "collation"} & names else []
            return [self.alter("DROP EXPRESSION"), *retyped, *self.rest(names | {"default"})]
        if expression_is_set(self.old, self.new, version):
            return [self.alter(f"SET EXPRESSION AS ({old[2:]})"), *self.rest(names)]
        schema = schema_argument(self._key.schema)
        drop = code.call("drop_column", code.text(self._key.parent), code.text(self._key.name), *schema)
        added = add_column(self._key, self._before)
        comment = comment_of(self._key, self._before)
        return [drop, added, *([comment] if added and comment else [])]

    def default_of_sequence(self, names: frozenset[str]) -> list[str]:
        """A sequence that a default uses is there before, or goes after the default has gone."""
        if not is_serial(self._key, self._after) or self.old.get("default"):
            return []
        owned = owned_sequence(self._key, self._after)
        if owned is None or not names & {"default", "identity"}:
            return []
        gone = owned_sequence(self._key, self._before) is None or bool(self.old.get("identity"))
        dropped = [execute(f"DROP SEQUENCE {address(owned[0])}")] if gone else []
        return [self.call("server_default=None"), *dropped]

    def serial_again(self) -> list[str]:
        """The sequence behind a default, where there is none now."""
        owned = owned_sequence(self._key, self._before)
        if owned is None or not is_serial(self._key, self._before):
            return []
        table, kind = _table(self._key), text(self.old.get("type"))
        return [execute(f"CREATE SEQUENCE {address(owned[0])} AS {kind} OWNED BY {table}.{quoted(self._key.name)}")]

    def type(self, names: frozenset[str]) -> list[str]:
        """The old type; a default stands aside meanwhile where it cannot always be cast."""
        kind, present = text(self.old.get("type")), text(self.new.get("type"))
        python = sa_type(kind, self._before)
        if in_family(kind, present) and python and not self.old.get("collation") and "collation" not in names:
            return [self.call(f"type_={python}")]
        column = quoted(self._key.name)
        collate = f" COLLATE {text(self.old.get('collation')) or chr(34) + 'default' + chr(34)}"
        collate = collate if self.old.get("collation") or self.new.get("collation") else ""
        using = "" if kind == present else f" USING {cast(column, kind, present)}"
        lines = [self.alter("DROP DEFAULT")] if self.new.get("default") else []
        lines.append(self.alter(f"TYPE {kind}{collate}{using}"))
        return lines + ([self.alter(f"SET DEFAULT {text(self.old['default'])}")] if self.old.get("default") else [])

    def rest(self, names: frozenset[str]) -> list[str]:
        """NOT NULL and the default; a change of type has set the default already where it stood aside."""
        arguments: list[str] = []
        if "not null" in names:
            arguments.append(f"nullable={not self.old.get('not null')}")
        default = self._default()
        if "default" in names and (default or text(self.new.get("default"))):
            arguments.append(f"server_default={sa_text(default) if default else None}")
        return [self.call(*arguments)] if arguments else []

    def _default(self) -> str:
        """The default; a sequence of the column's own has here the name that it has here."""
        default = text(self.old.get("default"))
        owned = owned_sequence(self._key, self._after)
        if owned is None or not is_serial(self._key, self._before) or self.new.get("identity"):
            return default
        return f"nextval({literal(address(owned[0]))}::regclass)"

    def identity(self) -> list[str]:
        clause = identity_clause(self._key, self._before)
        if self.new.get("identity"):
            return [self.alter(f"SET {clause.partition(' AS ')[0]}")]
        return [self.alter(f"ADD {clause}")]

    def name_of_not_null(self) -> str:
        made_up = f"{self._key.parent}_{self._key.name}_not_null"
        old, new = (text(side.get("not null constraint")) or made_up for side in (self.old, self.new))
        return execute(f"ALTER TABLE {_table(self._key)} RENAME CONSTRAINT {quoted(new)} TO {quoted(old)}")


def expression_is_set(old: Attributes, new: Attributes, version: int) -> bool:
    """Whether ALTER gives a generated column its expression; another type comes with a new column."""
    same_way = text(old.get("generated"))[:1] == text(new.get("generated"))[:1]
    same_type = all(old.get(name) == new.get(name) for name in ("type", "collation"))
    return same_way and same_type and version >= _SET_EXPRESSION_SINCE


def in_family(kind: str, present: str) -> bool:
    """Whether PostgreSQL casts between the types by itself."""
    return any(f.fullmatch(kind) and f.fullmatch(present) for f in _FAMILIES)
