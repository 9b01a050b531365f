"""Columns as Alembic or SQL declares them, from the catalog."""

from __future__ import annotations

import re

from pytest_migcheck.checks.restoring_sql import execute, is_table, quoted, sa_text, schema_argument
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.quoting import literal, name_parts
from pytest_migcheck.rules import _code as code

_POSTGRES_TYPES = {
    "jsonb": "JSONB", "tsvector": "TSVECTOR", "inet": "INET", "cidr": "CIDR", "macaddr": "MACADDR", "money": "MONEY",
    "int4range": "INT4RANGE", "int8range": "INT8RANGE", "numrange": "NUMRANGE", "daterange": "DATERANGE",
    "tsrange": "TSRANGE", "tstzrange": "TSTZRANGE", "hstore": "HSTORE", "oid": "OID",
}  # fmt: skip
_MORE_TYPES = {"real": "sa.REAL()", "time without time zone": "sa.Time()"}
_SERIAL = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}
_DEFAULTS = {"increment": "1", "cache": "1"}
_IDENTITY_WORDS = {"increment": "increment", "start": "start", "min": "minvalue", "max": "maxvalue", "cache": "cache"}
_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def sa_type(kind: str, catalog: Catalog) -> str | None:
    """The type in Python; None where SQLAlchemy has none of its own."""
    if kind.endswith("[]"):
        item = sa_type(kind.removesuffix("[]"), catalog)
        return f"sa.ARRAY({item})" if item else None
    if kind in _POSTGRES_TYPES:
        return f"sa.dialects.postgresql.{_POSTGRES_TYPES[kind]}()"
    enum = _enum(kind, catalog)
    if enum is not None:
        arguments = (f"name={code.text(enum.name)}", *schema_argument(enum.schema), "create_type=False")
        return f"sa.dialects.postgresql.ENUM({', '.join(arguments)})"
    found = _MORE_TYPES.get(kind) or code.sa_type(kind)
    return re.sub(r",(?=\d)", ", ", found) if found else None


def _enum(kind: str, catalog: Catalog) -> ObjectKey | None:
    spelt = (k for k, a in catalog.objects.items() if k.kind == "type" and a.get("form") == "enum")
    return next((k for k in spelt if f"{quoted(k.schema)}.{quoted(k.name)}" == kind), None)


def owned_sequence(key: ObjectKey, catalog: Catalog) -> tuple[ObjectKey, Attributes] | None:
    """The sequence that a column owns."""
    column = [key.schema, key.parent, key.name]
    owned = ((k, a, text(a.get("owned by"))) for k, a in catalog.objects.items() if k.kind == "sequence")
    return next(((k, a) for k, a, owner in owned if owner and name_parts(owner) == column), None)


def is_serial(key: ObjectKey, catalog: Catalog) -> bool:
    default = text(catalog.objects[key].get("default"))
    owned = owned_sequence(key, catalog)
    return "nextval(" in default and owned is not None and text(catalog.objects[key].get("type")) in _SERIAL


def sa_column(key: ObjectKey, catalog: Catalog, *, serial: bool = False, nullable: bool | None = None) -> str | None:
    """``sa.Column(...)``; None where the catalog says more of it than that can.

    Args:
        key: the column.
        catalog: where it is.
        serial: it is a key that SQLAlchemy makes SERIAL.
        nullable: in place of what the catalog says.
    """
    attributes = catalog.objects[key]
    kind = sa_type(text(attributes.get("type")), catalog)
    if kind is None or attributes.get("collation") or attributes.get("not null constraint"):
        return None
    arguments = [code.text(key.name), kind]
    default, generated = text(attributes.get("default")), text(attributes.get("generated"))
    if attributes.get("identity"):
        arguments.append(_identity(key, catalog))
    if generated:
        arguments.append(f"sa.Computed({sa_text(generated[2:])}, persisted={generated.startswith('s')})")
    if serial:
        arguments.append("autoincrement=True")
    elif default:
        arguments.append(f"server_default={sa_text(default)}")
    empty = not attributes.get("not null") if nullable is None else nullable
    return f"sa.Column({', '.join([*arguments, f'nullable={empty}'])})"


def _identity(key: ObjectKey, catalog: Catalog) -> str:
    arguments = [f"always={catalog.objects[key].get('identity') == 'a'}"]
    owned = owned_sequence(key, catalog)
    options = sequence_options(owned[1]) if owned else {}
    arguments += [f"{_IDENTITY_WORDS[name]}={value}" for name, value in options.items() if name in _IDENTITY_WORDS]
    arguments += ["cycle=True"] if "cycle" in options else []
    return f"sa.Identity({', '.join(arguments)})"


def sequence_options(attributes: Attributes) -> dict[str, str]:
    """What is set otherwise than CREATE SEQUENCE without options does."""
    limit = _LIMITS.get(text(attributes.get("type")), 2**63)
    down = text(attributes.get("increment")).startswith("-")
    low, high = (str(-limit), "-1") if down else ("1", str(limit - 1))
    low_or_high = high if down else low
    defaults = {**_DEFAULTS, "min": low, "max": high, "start": text(attributes.get("max" if down else "min"))}
    defaults["start"] = defaults["start"] or low_or_high
    found = {n: text(attributes.get(n)) for n in _IDENTITY_WORDS if text(attributes.get(n)) != defaults[n]}
    return {**found, **({"cycle": "yes"} if attributes.get("cycle") else {})}


def column_clause(key: ObjectKey, catalog: Catalog, *, nullable: bool = False) -> str:
    """The column's definition behind its name, as SQL; ``nullable`` leaves NOT NULL out."""
    attributes = catalog.objects[key]
    default, generated = text(attributes.get("default")), text(attributes.get("generated"))
    serial = is_serial(key, catalog)
    kind = text(attributes.get("type"))
    parts = [_SERIAL[kind] if serial else kind]
    if attributes.get("collation"):
        parts.append(f"COLLATE {text(attributes['collation'])}")
    if default and not serial:
        parts.append(f"DEFAULT {default}")
    if generated:
        parts.append(f"GENERATED ALWAYS AS ({generated[2:]}) {'STORED' if generated.startswith('s') else 'VIRTUAL'}")
    if attributes.get("identity"):
        parts.append(identity_clause(key, catalog))
    if attributes.get("fdw options"):
        parts.append(f"OPTIONS ({foreign_options(text(attributes['fdw options']))})")
    if attributes.get("not null") and not nullable:
        name = attributes.get("not null constraint")
        parts += [f"CONSTRAINT {quoted(text(name))}"] if name else []
        parts.append("NOT NULL")
    return " ".join(parts)


def identity_clause(key: ObjectKey, catalog: Catalog) -> str:
    kind = "ALWAYS" if catalog.objects[key].get("identity") == "a" else "BY DEFAULT"
    owned = owned_sequence(key, catalog)
    options = sequence_clause(owned[1]) if owned else ""
    return f"GENERATED {kind} AS IDENTITY{f' ({options})' if options else ''}"


def sequence_clause(attributes: Attributes) -> str:
    """The options of a sequence as SQL."""
    words = {"start": "START", "increment": "INCREMENT", "min": "MINVALUE", "max": "MAXVALUE", "cache": "CACHE"}
    options = sequence_options(attributes)
    return " ".join("CYCLE" if name == "cycle" else f"{words[name]} {value}" for name, value in options.items())


def foreign_options(listed: str) -> str:
    """``a=b, c=d`` as OPTIONS takes it."""
    pairs = (option.partition("=")[::2] for option in listed.split(", ") if option)
    return ", ".join(f"{quoted(name)} {literal(value)}" for name, value in pairs)


def add_column(key: ObjectKey, catalog: Catalog) -> str | None:
    """The code that adds a column to a table that may have rows."""
    if catalog.objects[key].get("inherited") or not is_table(key, catalog):
        return None
    attributes = catalog.objects[key]
    filled = any(attributes.get(name) for name in ("default", "generated", "identity"))
    later = bool(attributes.get("not null")) and not filled
    foreign = ObjectKey("foreign table", key.schema, "", key.parent) in catalog.objects
    column = sa_column(key, catalog, nullable=True if later else None)
    if column and not foreign and not is_serial(key, catalog) and not attributes.get("not null constraint"):
        added = code.call("add_column", code.text(key.parent), column, *schema_argument(key.schema))
    else:
        kind, table = "FOREIGN TABLE" if foreign else "TABLE", f"{quoted(key.schema)}.{quoted(key.parent)}"
        clause = column_clause(key, catalog, nullable=later)
        added = execute(f"ALTER {kind} {table} ADD COLUMN {quoted(key.name)} {clause}")
    if not later:
        return added
    arguments = (code.text(key.parent), code.text(key.name), "nullable=False", *schema_argument(key.schema))
    return f"{added}\n# give the rows that are there a value here\n{code.call('alter_column', *arguments)}"
