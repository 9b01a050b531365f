"""Alembic code for a downgrade that leaves an object other than it was, where it is certain what that code is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_migcheck.checks.restoring_attributes import changed
from pytest_migcheck.checks.restoring_sql import (
    address,
    column_clause,
    comment_on,
    create_policy,
    execute,
    function_address,
    is_table,
    schema_argument,
)
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.rules import _code as code

# Their names are the identities that pg_identify_object gives, which DROP takes as they are.
_BY_IDENTITY = frozenset(
    ("collation", "conversion", "text search configuration", "text search dictionary", "access method", "cast")
)
_ON_TABLE = frozenset(("trigger", "rule", "policy"))
_FUNCTIONS = frozenset(("function", "procedure", "aggregate"))
_DROPPED_AS = {"composite type": "type"}
_DROPPED_BY_NAME = frozenset(
    (
        *("sequence", "view", "materialized view", "foreign table", "composite type", "statistics", "extension"),
        *("schema", "publication", "event trigger", "server", "foreign data wrapper", "role"),
    )
)
_LONGEST_DEFINITION = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogs:
    """The catalog that a downgrade must come back to, and the one that it left."""

    before: Catalog
    after: Catalog

    def key(self, difference: Difference) -> ObjectKey | None:
        """The object of a difference: of the side that has it, of the left one for a new name."""
        side = self.before if difference.change is Change.REMOVED else self.after
        named = (k for k in side.objects if k.kind == difference.kind and k.qualified == difference.object)
        return next(named, None)


def restoring_code(difference: Difference, catalogs: Catalogs) -> str | None:
    """The code that belongs into ``downgrade()``; None where only its author can say."""
    key = catalogs.key(difference)
    if key is None:
        return None
    if difference.change is Change.ADDED:
        return _drop(key, catalogs.after)
    if difference.change is Change.REMOVED:
        return _create(key, catalogs.before)
    if difference.change is Change.RENAMED:
        return _rename(key, text(difference.attributes[0].expected))
    return changed(key, catalogs.before, catalogs.after, [a.name for a in difference.attributes])


def _drop(key: ObjectKey, catalog: Catalog) -> str | None:
    schema = schema_argument(key.schema)
    if key.kind in ("table", "partitioned table"):
        return code.call("drop_table", code.text(key.name), *schema)
    if key.kind == "column" and is_table(key, catalog):
        return code.call("drop_column", code.text(key.parent), code.text(key.name), *schema)
    if key.kind == "index" and not catalog.objects[key].get("attached to"):
        return code.call("drop_index", code.text(key.name), f"table_name={code.text(key.parent)}", *schema)
    if key.kind == "constraint":
        return drop_constraint(key, catalog)
    if key.kind == "type":
        return _drop_type(key, catalog.objects[key])
    if key.kind == "comment":
        return comment_on(key, catalog, None)
    if key.kind in _ON_TABLE:
        return execute(f"DROP {key.kind.upper()} {code.identifier(key.name)} ON {code.identifier(table(key))}")
    if (key.kind in _FUNCTIONS and not key.name.endswith("()")) or key.kind in ("function", "procedure"):
        return execute(f"DROP {key.kind.upper()} {function_address(key)}")
    if key.kind in _DROPPED_BY_NAME:
        return execute(f"DROP {_DROPPED_AS.get(key.kind, key.kind).upper()} {address(key)}")
    return execute(f"DROP {key.kind.upper()} {key.name}") if key.kind in _BY_IDENTITY else None


def table(key: ObjectKey) -> str:
    return f"{key.schema}.{key.parent}"


def drop_constraint(key: ObjectKey, catalog: Catalog) -> str:
    if is_table(key, catalog):
        return code.call("drop_constraint", code.text(key.name), code.text(key.parent), *schema_argument(key.schema))
    return execute(f"ALTER DOMAIN {code.identifier(table(key))} DROP CONSTRAINT {code.identifier(key.name)}")


def _drop_type(key: ObjectKey, attributes: Attributes) -> str:
    if attributes.get("form") == "enum":
        arguments = ", ".join((f"name={code.text(key.name)}", *schema_argument(key.schema)))
        return f"sa.Enum({arguments}).drop(op.get_bind())"
    return execute(f"DROP {'DOMAIN' if attributes.get('form') == 'domain' else 'TYPE'} {address(key)}")


def _create(key: ObjectKey, catalog: Catalog) -> str | None:
    maker = _MAKERS.get(key.kind)
    return maker(key, catalog) if maker else None


def _by_definition(key: ObjectKey, catalog: Catalog) -> str | None:
    """What PostgreSQL prints as a whole statement."""
    attributes = catalog.objects[key]
    definition = text(attributes.get("definition"))
    plain = attributes.get("enabled") in (None, "O") and not attributes.get("attached to")
    return execute(definition) if plain and definition.count("\n") < _LONGEST_DEFINITION else None


def _create_constraint(key: ObjectKey, catalog: Catalog) -> str:
    kind = "TABLE" if is_table(key, catalog) else "DOMAIN"
    definition = text(catalog.objects[key].get("definition"))
    name = code.identifier(key.name)
    return execute(f"ALTER {kind} {code.identifier(table(key))} ADD CONSTRAINT {name} {definition}")


def _create_view(key: ObjectKey, catalog: Catalog) -> str | None:
    attributes = catalog.objects[key]
    if attributes.get("options") or attributes.get("tablespace"):
        return None
    definition = text(attributes.get("definition")).rstrip(";")
    if definition.count("\n") >= _LONGEST_DEFINITION:
        return None
    return execute(f"CREATE {key.kind.upper()} {address(key)} AS\n{definition}")


def _create_type(key: ObjectKey, catalog: Catalog) -> str | None:
    attributes = catalog.objects[key]
    if attributes.get("form") != "enum":
        return None
    labels = map(code.text, text(attributes.get("labels")).split(", "))
    arguments = ", ".join((*labels, f"name={code.text(key.name)}", *schema_argument(key.schema)))
    return f"sa.Enum({arguments}).create(op.get_bind())"


def _create_column(key: ObjectKey, catalog: Catalog) -> str | None:
    clause = column_clause(key, catalog)
    if clause is None or not is_table(key, catalog):
        return None
    return execute(f"ALTER TABLE {code.identifier(table(key))} ADD COLUMN {code.identifier(key.name)} {clause}")


def _create_comment(key: ObjectKey, catalog: Catalog) -> str | None:
    return comment_on(key, catalog, text(catalog.objects[key].get("text")))


def _create_named(key: ObjectKey, catalog: Catalog) -> str:
    schema = text(catalog.objects[key].get("schema"))
    place = f" SCHEMA {code.identifier(schema)}" if key.kind == "extension" and schema else ""
    return execute(f"CREATE {key.kind.upper()} {address(key)}{place}")


_MAKERS: dict[str, Callable[[ObjectKey, Catalog], str | None]] = {
    **dict.fromkeys(("index", "function", "procedure", "trigger", "rule", "statistics"), _by_definition),
    **dict.fromkeys(("view", "materialized view"), _create_view),
    **dict.fromkeys(("extension", "schema"), _create_named),
    "constraint": _create_constraint,
    "type": _create_type,
    "column": _create_column,
    "comment": _create_comment,
    "policy": create_policy,
}


def _rename(key: ObjectKey, old: str) -> str:
    if key.kind == "index":
        return execute(f"ALTER INDEX {address(key)} RENAME TO {code.identifier(old)}")
    names = f"{code.identifier(key.name)} TO {code.identifier(old)}"
    return execute(f"ALTER TABLE {code.identifier(table(key))} RENAME CONSTRAINT {names}")
