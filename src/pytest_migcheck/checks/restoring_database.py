"""What belongs to the database: extensions, publications, foreign servers, event triggers."""

from __future__ import annotations

from pytest_migcheck.checks.restoring_columns import foreign_options
from pytest_migcheck.checks.restoring_sql import address, execute, quoted
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.rules import _code as code

_OPERATIONS = ("insert", "update", "delete", "truncate")
_ENABLED = {"O": "ENABLE", "D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def create_named(key: ObjectKey, catalog: Catalog) -> str:
    """A schema or an extension."""
    schema = text(catalog.objects[key].get("schema"))
    place = f" SCHEMA {code.identifier(schema)}" if key.kind == "extension" and schema else ""
    return execute(f"CREATE {key.kind.upper()} {address(key)}{place}")


def create_publication(key: ObjectKey, catalog: Catalog) -> str:
    attributes = catalog.objects[key]
    return execute(f"CREATE PUBLICATION {quoted(key.name)}{_published(attributes)} WITH ({_publish(attributes)})")


def _published(attributes: Attributes) -> str:
    if attributes.get("all tables"):
        return " FOR ALL TABLES"
    tables, schemas = text(attributes.get("tables")), text(attributes.get("schemas"))
    listed = [f"TABLE {tables}"] if tables else []
    listed += [f"TABLES IN SCHEMA {schemas}"] if schemas else []
    return f" FOR {', '.join(listed)}" if listed else ""


def _publish(attributes: Attributes) -> str:
    """The five flags that the catalog joins: insert, update, delete, truncate, via root."""
    flags = text(attributes.get("operations"))
    names = ", ".join(name for name, flag in zip(_OPERATIONS, flags, strict=False) if flag == "t")
    return f"publish = '{names}'" + (", publish_via_partition_root = true" if flags[4:5] == "t" else "")


def change_publication(key: ObjectKey, catalog: Catalog, names: frozenset[str]) -> str:
    attributes = catalog.objects[key]
    if "all tables" in names:
        return f"{execute(f'DROP PUBLICATION {quoted(key.name)}')}\n{create_publication(key, catalog)}"
    lines = [f"SET ({_publish(attributes)})"] if "operations" in names else []
    if names & {"tables", "schemas"}:
        published = _published(attributes)
        if not published:
            return f"{execute(f'DROP PUBLICATION {quoted(key.name)}')}\n{create_publication(key, catalog)}"
        lines.append(f"SET{published.removeprefix(' FOR')}")
    return "\n".join(execute(f"ALTER PUBLICATION {quoted(key.name)} {line}") for line in lines)


def create_event_trigger(key: ObjectKey, catalog: Catalog) -> str:
    attributes = catalog.objects[key]
    tags = ", ".join(f"'{tag}'" for tag in text(attributes.get("tags")).split(", ") if tag)
    when = f" WHEN TAG IN ({tags})" if tags else ""
    made = execute(
        f"CREATE EVENT TRIGGER {quoted(key.name)} ON {text(attributes.get('event'))}{when} "
        f"EXECUTE FUNCTION {text(attributes.get('function'))}()"
    )
    enabled = text(attributes.get("enabled"))
    return made if enabled == "O" else f"{made}\n{enable_event_trigger(key, attributes)}"


def enable_event_trigger(key: ObjectKey, old: Attributes) -> str:
    return execute(f"ALTER EVENT TRIGGER {quoted(key.name)} {_ENABLED[text(old.get('enabled'))]}")


def create_wrapper(key: ObjectKey, catalog: Catalog) -> str:
    attributes = catalog.objects[key]
    parts = [f"CREATE FOREIGN DATA WRAPPER {quoted(key.name)}"]
    for word in ("handler", "validator"):
        parts += [f"{word.upper()} {text(attributes[word])}"] if attributes.get(word) else []
    return execute(" ".join([*parts, *_options(attributes)]))


def create_server(key: ObjectKey, catalog: Catalog) -> str:
    attributes = catalog.objects[key]
    parts = [f"CREATE SERVER {quoted(key.name)}"]
    for word in ("type", "version"):
        parts += [f"{word.upper()} {literal(text(attributes[word]))}"] if attributes.get(word) else []
    parts.append(f"FOREIGN DATA WRAPPER {quoted(text(attributes.get('wrapper')))}")
    return execute(" ".join([*parts, *_options(attributes)]))


def _options(attributes: Attributes) -> list[str]:
    options = text(attributes.get("options"))
    return [f"OPTIONS ({foreign_options(options)})"] if options else []


def changed_options(old: str, new: str) -> str:
    """OPTIONS of ALTER, which says for each whether it is added, set or dropped."""
    had, has = (dict(o.partition("=")[::2] for o in side.split(", ") if o) for side in (old, new))
    parts = [f"DROP {quoted(name)}" for name in has if name not in had]
    for name, value in had.items():
        if has.get(name) != value:
            written = foreign_options(f"{name}={value}")
            parts.append(f"{'SET' if name in has else 'ADD'} {written}")
    return f"OPTIONS ({', '.join(parts)})"
