"""Alembic code that makes one catalog as another one is, object by object, where it is certain what that code is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pytest_migcheck.checks.restoring_attributes import given
from pytest_migcheck.checks.restoring_changes import changed
from pytest_migcheck.checks.restoring_cluster import SYSTEM_SETTING, create_system_setting, drop_of_cluster
from pytest_migcheck.checks.restoring_columns import add_column
from pytest_migcheck.checks.restoring_constraints import create_constraint, create_index, drop_index
from pytest_migcheck.checks.restoring_database import (
    create_event_trigger,
    create_named,
    create_publication,
    create_server,
    create_wrapper,
)
from pytest_migcheck.checks.restoring_sql import (
    address,
    comment_of,
    comment_on,
    create_policy,
    execute,
    function_address,
    is_table,
    quoted,
    schema_argument,
)
from pytest_migcheck.checks.restoring_tables import TABLES, create_table
from pytest_migcheck.checks.restoring_types import (
    attribute_type,
    create_aggregate,
    create_composite_type,
    create_sequence,
    create_type,
)
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.finding import Change, Difference
from pytest_migcheck.rules import _code as code

# Their names are the identities that pg_identify_object gives, which DROP takes as they are.
_BY_IDENTITY = frozenset(
    (
        *("collation", "conversion", "text search configuration", "text search dictionary", "access method", "cast"),
        *("operator", "text search parser", "text search template", "language", "transform"),
    )
)
_USING_METHOD = frozenset(("operator class", "operator family"))
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
    """The catalog that code must come back to, and the one that there is.

    ``version`` is the server's number; ``conventions``: Alembic makes other names of those that it is given.
    """

    before: Catalog
    after: Catalog
    version: int = 140000
    conventions: bool = False

    def key(self, difference: Difference) -> ObjectKey | None:
        """The object of a difference: of the side that has it, of the left one for a new name."""
        side = self.before if difference.change is Change.REMOVED else self.after
        named = (k for k in side.objects if k.kind == difference.kind and k.qualified == difference.object)
        return next(named, None)


def restoring_code(difference: Difference, catalogs: Catalogs) -> str | None:
    """The code for a difference; None where only its author can say."""
    key = catalogs.key(difference)
    if key is None:
        return None
    if difference.change is Change.ADDED:
        return drop(key, catalogs.after)
    if difference.change is Change.REMOVED:
        return create(key, catalogs.before)
    if difference.change is Change.RENAMED:
        return rename(key, text(difference.attributes[0].expected))
    return changed_code(key, key, catalogs, (a.name for a in difference.attributes))


def changed_code(key: ObjectKey, old: ObjectKey, catalogs: Catalogs, names: Iterable[str]) -> str | None:
    """Code for attributes; ``old`` is the object's key on the side that is to come back, where it is another."""
    return changed(key, old, catalogs.before, catalogs.after, list(names), catalogs.version, create)


def drop(key: ObjectKey, catalog: Catalog) -> str | None:
    schema = schema_argument(key.schema)
    if key.kind in ("table", "partitioned table"):
        return code.call("drop_table", code.text(key.name), *schema)
    if key.kind == "column":
        return _drop_column(key, catalog)
    if key.kind == "index" and not catalog.objects[key].get("attached to"):
        return drop_index(key)
    if key.kind == "constraint":
        return drop_constraint(key, catalog)
    if key.kind == "type":
        return _drop_type(key, catalog.objects[key])
    if key.kind == "comment":
        return comment_on(key, catalog, None)
    if key.kind in _ON_TABLE:
        return execute(f"DROP {key.kind.upper()} {quoted(key.name)} ON {table(key)}")
    return _drop_named(key, catalog)


def _drop_named(key: ObjectKey, catalog: Catalog) -> str | None:
    if (key.kind in _FUNCTIONS and not key.name.endswith("()")) or key.kind in ("function", "procedure"):
        return execute(f"DROP {key.kind.upper()} {function_address(key)}")
    if key.kind == "aggregate":
        return execute(f"DROP AGGREGATE {function_address(key).removesuffix('()')}(*)")
    if key.kind == "role" and _has_grants_only(key.name, catalog):
        # A role that something depends on cannot be dropped.
        return "\n".join(execute(f"{words} {address(key)}") for words in ("DROP OWNED BY", "DROP ROLE"))
    if key.kind in _DROPPED_BY_NAME:
        return execute(f"DROP {_DROPPED_AS.get(key.kind, key.kind).upper()} {address(key)}")
    if key.kind in _USING_METHOD:
        lines = [execute(f"DROP {key.kind.upper()} {key.name}")]
        family = key._replace(kind="operator family")
        lines += [execute(f"DROP OPERATOR FAMILY {key.name}")] if family != key and family in catalog.objects else []
        return "\n".join(lines)
    if key.kind == "operator":
        name, _, arguments = key.name.partition("(")
        return execute(f"DROP OPERATOR {name} ({arguments.replace(',', ', ')}")
    if key.kind in _BY_IDENTITY:
        return execute(f"DROP {key.kind.upper()} {key.name}")
    return drop_of_cluster(key, catalog)


def _has_grants_only(role: str, catalog: Catalog) -> bool:
    """Whether the role may do something to objects, and owns none that would go with it."""
    named = re.compile(rf"(?:^|,)(?:{re.escape(role)}|{re.escape(quoted(role))})=")
    granted = any(named.search(text(attributes.get("grants"))) for attributes in catalog.objects.values())
    return granted and not any(attributes.get("owner") == role for attributes in catalog.objects.values())


def _drop_column(key: ObjectKey, catalog: Catalog) -> str | None:
    if ObjectKey("composite type", key.schema, "", key.parent) in catalog.objects:
        return execute(f"ALTER TYPE {table(key)} DROP ATTRIBUTE {quoted(key.name)}")
    if not is_table(key, catalog):
        return None
    return code.call("drop_column", code.text(key.parent), code.text(key.name), *schema_argument(key.schema))


def table(key: ObjectKey) -> str:
    return f"{quoted(key.schema)}.{quoted(key.parent)}"


def drop_constraint(key: ObjectKey, catalog: Catalog) -> str:
    if is_table(key, catalog):
        return code.call("drop_constraint", code.text(key.name), code.text(key.parent), *schema_argument(key.schema))
    return execute(f"ALTER DOMAIN {table(key)} DROP CONSTRAINT {quoted(key.name)}")


def drop_if_there(key: ObjectKey) -> str:
    """Drop a view or a part of a table that something else may have dropped already."""
    if key.kind.endswith("view"):
        return execute(f"DROP {key.kind.upper()} IF EXISTS {address(key)}")
    if key.kind == "index":
        return f"{drop_index(key)[:-1]}, if_exists=True)"
    return execute(f"ALTER TABLE {table(key)} DROP {key.kind.upper()} IF EXISTS {quoted(key.name)}")


def _drop_type(key: ObjectKey, attributes: Attributes) -> str:
    if attributes.get("form") == "enum":
        arguments = ", ".join((f"name={code.text(key.name)}", *schema_argument(key.schema)))
        return f"sa.Enum({arguments}).drop(op.get_bind())"
    return execute(f"DROP {'DOMAIN' if attributes.get('form') == 'domain' else 'TYPE'} {address(key)}")


def create(key: ObjectKey, catalog: Catalog) -> str | None:
    """Code that makes an object with its comment."""
    made = _create(key, catalog)
    return "\n".join(filter(None, (made, comment_of(key, catalog)))) if made else made


def _create(key: ObjectKey, catalog: Catalog) -> str | None:
    maker = _MAKERS.get(key.kind)
    return maker(key, catalog) if maker else None


def _create_table(key: ObjectKey, catalog: Catalog) -> str | None:
    return create_table(key, catalog, _create_part, given)


def _create_part(key: ObjectKey, catalog: Catalog) -> str | None:
    """A part of a new table, whose comments are parts of it as well, but for those on indexes."""
    return create(key, catalog) if key.kind == "index" else _create(key, catalog)


def _by_definition(key: ObjectKey, catalog: Catalog) -> str | None:
    """What PostgreSQL prints as a whole statement."""
    definition = text(catalog.objects[key].get("definition"))
    if definition.count("\n") >= _LONGEST_DEFINITION:
        return None
    return "\n".join(filter(None, (execute(definition), given(key, catalog))))


def _create_index(key: ObjectKey, catalog: Catalog) -> str | None:
    attributes = catalog.objects[key]
    if attributes.get("attached to"):
        return None
    return "\n".join(filter(None, (create_index(key, attributes), given(key, catalog))))


def _create_view(key: ObjectKey, catalog: Catalog) -> str | None:
    attributes = catalog.objects[key]
    definition = text(attributes.get("definition")).rstrip(";")
    if definition.count("\n") >= _LONGEST_DEFINITION:
        return None
    options = f" WITH ({text(attributes['options'])})" if attributes.get("options") else ""
    made = execute(f"CREATE {key.kind.upper()} {address(key)}{options} AS\n{definition}")
    return "\n".join((made, *_of_view(key, catalog)))


def _of_view(key: ObjectKey, catalog: Catalog) -> Iterable[str]:
    """The indexes of a materialized view, comments and triggers."""
    for part in sorted(catalog.beside(key)):
        own = (part.schema, part.parent) == (key.schema, key.name) and part.kind in ("index", "trigger", "comment")
        if own or (part.kind == "comment" and (part.schema, part.parent, part.name) == (key.schema, "", key.name)):
            yield create(part, catalog) or ""


def _create_column(key: ObjectKey, catalog: Catalog) -> str | None:
    if ObjectKey("composite type", key.schema, "", key.parent) in catalog.objects:
        kind = attribute_type(catalog.objects[key])
        return execute(f"ALTER TYPE {table(key)} ADD ATTRIBUTE {quoted(key.name)} {kind}")
    added = add_column(key, catalog)
    return added and "\n".join(filter(None, (added, given(key, catalog))))


def _create_comment(key: ObjectKey, catalog: Catalog) -> str | None:
    return comment_on(key, catalog, text(catalog.objects[key].get("text")))


_MAKERS: dict[str, Callable[[ObjectKey, Catalog], str | None]] = {
    **dict.fromkeys(("function", "procedure", "trigger", "rule", "statistics"), _by_definition),
    **dict.fromkeys(("view", "materialized view"), _create_view),
    **dict.fromkeys(("extension", "schema"), create_named),
    **dict.fromkeys(TABLES, _create_table),
    "index": _create_index,
    "constraint": create_constraint,
    "type": create_type,
    "composite type": create_composite_type,
    "sequence": create_sequence,
    "aggregate": create_aggregate,
    "column": _create_column,
    "comment": _create_comment,
    "policy": create_policy,
    "publication": create_publication,
    "event trigger": create_event_trigger,
    "foreign data wrapper": create_wrapper,
    "server": create_server,
    SYSTEM_SETTING: create_system_setting,
}


def rename(key: ObjectKey, old: str) -> str:
    if key.kind == "index":
        return execute(f"ALTER INDEX {address(key)} RENAME TO {code.identifier(old)}")
    names = f"{code.identifier(key.name)} TO {code.identifier(old)}"
    return execute(f"ALTER TABLE {table(key)} RENAME CONSTRAINT {names}")
