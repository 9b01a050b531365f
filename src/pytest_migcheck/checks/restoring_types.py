"""Types, sequences and functions: how they are made, and how they change without being made anew."""

from __future__ import annotations

import re

from pytest_migcheck.checks.restoring_columns import sequence_clause
from pytest_migcheck.checks.restoring_sql import address, execute, quoted, schema_argument
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.labels import read_labels
from pytest_migcheck.core.quoting import literal
from pytest_migcheck.rules import _code as code

_PARALLELS = {"PARALLEL = s": "PARALLEL = safe", "PARALLEL = r": "PARALLEL = restricted"}
_PARALLEL = re.compile("|".join(_PARALLELS))


def create_type(key: ObjectKey, catalog: Catalog) -> str | None:
    """An enum, a domain with its constraints, or a range."""
    attributes = catalog.objects[key]
    form = attributes.get("form")
    if form == "enum":
        labels = map(code.text, read_labels(text(attributes.get("labels"))))
        arguments = ", ".join((*labels, f"name={code.text(key.name)}", *schema_argument(key.schema)))
        return f"sa.Enum({arguments}).create(op.get_bind())"
    if form == "domain":
        return execute(f"CREATE DOMAIN {address(key)} AS {_domain(key, attributes, catalog)}")
    if form == "range":
        return execute(f"CREATE TYPE {address(key)} AS RANGE ({_range(text(attributes.get('subtype')))})")
    return None


def _domain(key: ObjectKey, attributes: Attributes, catalog: Catalog) -> str:
    parts = [text(attributes.get("base type"))]
    if attributes.get("collation"):
        parts.append(f"COLLATE {text(attributes['collation'])}")
    if attributes.get("default"):
        parts.append(f"DEFAULT {text(attributes['default'])}")
    if attributes.get("not null"):
        parts.append("NOT NULL")
    checks = (k for k in catalog.objects if k.kind == "constraint" and (k.schema, k.parent) == (key.schema, key.name))
    parts += [f"CONSTRAINT {quoted(k.name)} {text(catalog.objects[k].get('definition'))}" for k in sorted(checks)]
    return " ".join(parts)


def _range(subtype: str) -> str:
    """From the catalog's words: type, operator class, collation, canonical and difference function."""
    kind, opclass, collation, canonical, difference = (*subtype.rsplit(" ", 4),)
    parts = [f"SUBTYPE = {kind}", f"SUBTYPE_OPCLASS = {opclass}"]
    parts += [f"COLLATION = {collation}"] if collation else []
    parts += [f"CANONICAL = {canonical}"] if canonical else []
    parts += [f"SUBTYPE_DIFF = {difference}"] if difference else []
    return ", ".join(parts)


def create_composite_type(key: ObjectKey, catalog: Catalog) -> str:
    columns = [k for k in catalog.objects if k.kind == "column" and (k.schema, k.parent) == (key.schema, key.name)]
    columns.sort(key=lambda k: int(text(catalog.objects[k].get("_position")) or 0))
    listed = ", ".join(f"{quoted(k.name)} {attribute_type(catalog.objects[k])}" for k in columns)
    return execute(f"CREATE TYPE {address(key)} AS ({listed})")


def attribute_type(attributes: Attributes) -> str:
    collation = text(attributes.get("collation"))
    return text(attributes.get("type")) + (f" COLLATE {collation}" if collation else "")


def added_labels(key: ObjectKey, old: str, new: str) -> str | None:
    """ALTER TYPE for labels that only were added, or renamed in their place; None where the type is to be rebuilt."""
    wanted, present = read_labels(old), read_labels(new)
    renamed = [(p, w) for p, w in zip(present, wanted, strict=False) if p != w]
    if len(wanted) == len(present) and not {p for p, _ in renamed} & set(wanted):
        name = address(key)
        return "\n".join(
            execute(f"ALTER TYPE {name} RENAME VALUE {literal(p)} TO {literal(w)}") for p, w in renamed
        )
    if [label for label in wanted if label in present] != present:
        return None
    lines = []
    for number, label in enumerate(wanted):
        if label not in present:
            place = f"AFTER {literal(wanted[number - 1])}" if number else f"BEFORE {literal(present[0])}"
            last = number == len(wanted) - 1
            lines.append(f"ALTER TYPE {address(key)} ADD VALUE {literal(label)}{'' if last else f' {place}'}")
    return "\n".join(map(execute, lines))


def create_sequence(key: ObjectKey, catalog: Catalog) -> str:
    attributes = catalog.objects[key]
    words = "UNLOGGED SEQUENCE" if attributes.get("persistence") == "u" else "SEQUENCE"
    options = " ".join(filter(None, (f"AS {text(attributes.get('type'))}", sequence_clause(attributes))))
    owner = f" OWNED BY {text(attributes['owned by'])}" if attributes.get("owned by") else ""
    return execute(f"CREATE {words} {address(key)} {options}{owner}")


def create_aggregate(key: ObjectKey, catalog: Catalog) -> str | None:
    """An aggregate, from the options that the catalog puts together."""
    attributes = catalog.objects[key]
    name, _, arguments = key.name.partition("(")
    definition = _PARALLEL.sub(lambda found: _PARALLELS[found[0]], text(attributes.get("definition")))
    if "SORTOP" in definition:
        return None
    target = f"{quoted(key.schema)}.{quoted(name)}({'*)' if arguments == ')' else arguments}"
    return execute(f"CREATE AGGREGATE {target} ({definition})")
