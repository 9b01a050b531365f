"""Pieces of Alembic code and SQL from which restoring code is put together."""

from __future__ import annotations

from pytest_migcheck.core.catalog import Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.quoting import in_quotes, literal
from pytest_migcheck.rules import _code as code

_TABLES = ("table", "partitioned table", "foreign table")
_RELATIONS = (*_TABLES, "view", "materialized view")
# How the address of a comment calls what it is on.
_PARTS = {"constraint": "table constraint", "trigger": "trigger", "policy": "policy", "rule": "rule"}
_OWN = {"index": "index", "type": "type", "sequence": "sequence", "statistics": "statistics object"}
_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}


def execute(sql: str) -> str:
    """``op.execute`` of any SQL, over several lines where it has them."""
    if "\n" not in sql or '"""' in sql:
        return code.execute(sql)
    return 'op.execute("""\n{}\n""")'.format(code.as_text(sql).replace("\\", "\\\\").strip("\n"))


def sa_text(sql: str) -> str:
    return f"sa.text({code.text(code.as_text(sql))})"


def address(key: ObjectKey) -> str:
    """The object's own name, with its schema."""
    return ".".join(quoted(part) for part in (key.schema, key.name) if part)


def quoted(name: str) -> str:
    """One name; a dot in it is no separator."""
    return code.identifier(name) if "." not in name else in_quotes(name)


def spare_name(name: str) -> str:
    """A name for what stands aside; one has 63 bytes.

    https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
    """
    return f"{name.encode()[:59].decode(errors='ignore')}_old"


def function_address(key: ObjectKey) -> str:
    name, parenthesis, arguments = key.name.partition("(")
    return f"{quoted(key.schema)}.{quoted(name)}{parenthesis}{arguments}"


def schema_argument(schema: str) -> tuple[str, ...]:
    """``schema="..."``, which Alembic needs outside of the default one."""
    return () if schema in ("", "public") else (f"schema={code.text(schema)}",)


def is_table(key: ObjectKey, catalog: Catalog) -> bool:
    """Whether a column or constraint belongs to a table, and not to a view, type or domain."""
    return any(ObjectKey(kind, key.schema, "", key.parent) in catalog.objects for kind in _TABLES)


def create_policy(key: ObjectKey, catalog: Catalog) -> str:
    attributes = catalog.objects[key]
    parts = [f"CREATE POLICY {quoted(key.name)} ON {quoted(key.schema)}.{quoted(key.parent)}"]
    parts.append("AS PERMISSIVE" if attributes.get("permissive") else "AS RESTRICTIVE")
    parts.append(f"FOR {_COMMANDS[text(attributes.get('command'))]} TO {text(attributes.get('roles'))}")
    parts += [f"USING ({text(attributes['using'])})"] if attributes.get("using") else []
    parts += [f"WITH CHECK ({text(attributes['with check'])})"] if attributes.get("with check") else []
    return execute(" ".join(parts))


def comment_of(key: ObjectKey, catalog: Catalog) -> str | None:
    """Code for the comment on a column, a part of a table, a type or a sequence, where there is one."""
    name = key.name
    if key.kind in _PARTS:
        name = f"{name} ({_PARTS[key.kind]})"
    elif key.kind in _OWN:
        name = f"{quoted(name)} ({_OWN[key.kind]})"
    elif key.kind != "column":
        return None
    comment = ObjectKey("comment", key.schema, "" if key.kind in _OWN else key.parent, name)
    found = catalog.objects.get(comment)
    return comment_on(comment, catalog, text(found.get("text"))) if found else None


def comment_on(key: ObjectKey, catalog: Catalog, value: str | None) -> str | None:
    """Set a comment; None where the catalog does not say enough of what it is on (the arguments of a function)."""
    schema = schema_argument(key.schema)
    written = "None" if value is None else code.text(value)
    if not key.name.endswith(")") and key.parent:
        return code.call("alter_column", code.text(key.parent), code.text(key.name), f"comment={written}", *schema)
    sql = "NULL" if value is None else literal(value)
    name, _, kind = key.name.removesuffix(")").rpartition(" (")
    if not key.name.endswith(")"):
        kinds = [k for k in _RELATIONS if ObjectKey(k, key.schema, "", key.name) in catalog.objects]
        if kinds and kinds[0] in ("table", "partitioned table"):
            arguments = (code.text(key.name), *schema)
            drop = code.call("drop_table_comment", *arguments)
            return drop if value is None else code.call("create_table_comment", *arguments[:1], written, *schema)
        return execute(f"COMMENT ON {kinds[0].upper()} {address(key)} IS {sql}") if kinds else None
    if key.parent:
        part = kind.removeprefix("table ").upper()
        return execute(f"COMMENT ON {part} {quoted(name)} ON {quoted(key.schema)}.{quoted(key.parent)} IS {sql}")
    if kind == "domain constraint":
        constraint, _, domain = name.partition(" ON ")
        return execute(f"COMMENT ON CONSTRAINT {constraint} ON DOMAIN {domain} IS {sql}")
    # What has no name of its own, such as a function, has its whole identity here, in quotes where it must be.
    target = name if "(" in name or " " in name else address(key._replace(name=name))
    target = f"{quoted(key.schema)}.{name}" if name.startswith('"') and key.schema else target
    return execute(f"COMMENT ON {kind.replace('foreign-data', 'foreign data').upper()} {target} IS {sql}")
