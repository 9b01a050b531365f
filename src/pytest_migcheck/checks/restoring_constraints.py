"""Alembic calls that make constraints and indexes, where those can say all of it; else the SQL."""

from __future__ import annotations

import re

from pytest_migcheck.checks.restoring_sql import execute, is_table, quoted, sa_text, schema_argument
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.core.index_definition import Element, read_definition
from pytest_migcheck.rules import _code as code

_COLUMN = r'(?:"(?:[^"]|"")+"|[^\s",()]+)'
_LIST = rf"\(({_COLUMN}(?:, {_COLUMN})*)\)"
_KEY = re.compile(rf"(PRIMARY KEY|UNIQUE)( NULLS NOT DISTINCT)? {_LIST}(?: INCLUDE {_LIST})?(.*)")
_FOREIGN = re.compile(rf"FOREIGN KEY {_LIST} REFERENCES (?:({_COLUMN})\.)?({_COLUMN}){_LIST}(.*)")
_CHECK = re.compile(r"CHECK \((.*)\)( NO INHERIT)?( NOT VALID)?", re.DOTALL)
_RULES = re.compile(r" ON (UPDATE|DELETE) (CASCADE|RESTRICT|SET NULL|SET DEFAULT)(?! \()")
_TIMING = re.compile(r" (DEFERRABLE)(?: INITIALLY (DEFERRED))?$")
_PLAIN_NAME = re.compile(rf"^{_COLUMN}$")
_INCLUDED = re.compile(rf"INCLUDE {_LIST}")
_NULLS = "NULLS NOT DISTINCT"
_NAMED = re.compile(
    r"^(op\.create_(?:check_constraint|index|unique_constraint|primary_key|foreign_key)\(|"
    r"    sa\.PrimaryKeyConstraint\(.*?\bname=)"
    r'("(?:[^"\\]|\\.)*")',
    re.MULTILINE,
)


def with_final_names(written: str) -> str:
    """Names in ``op.f``: a naming convention makes nothing else of them."""
    return _NAMED.sub(r"\1op.f(\2)", written)


def key_columns(attributes: Attributes) -> frozenset[str]:
    """The columns of a primary or unique key or of a unique index."""
    definition = text(attributes.get("definition"))
    match = _KEY.fullmatch(definition)
    if match is not None:
        return _listed(match[3])
    read = read_definition(definition.partition(" USING ")[2])
    return frozenset(_bare(e.rest.partition(" ")[0]) for e in read.elements) if read else frozenset()


def _listed(names: str) -> frozenset[str]:
    return frozenset(map(_bare, re.findall(_COLUMN, names)))


def create_constraint(key: ObjectKey, catalog: Catalog) -> str:
    """A constraint of a table or a domain."""
    if not is_table(key, catalog):
        return _add(key, "DOMAIN", catalog)
    definition = text(catalog.objects[key].get("definition"))
    for maker in (_key, _foreign_key, _check):
        made = maker(key, definition)
        if made is not None:
            return made
    return _add(key, "TABLE", catalog)


def _add(key: ObjectKey, kind: str, catalog: Catalog) -> str:
    definition = text(catalog.objects[key].get("definition"))
    table = f"{quoted(key.schema)}.{quoted(key.parent)}"
    return execute(f"ALTER {kind} {table} ADD CONSTRAINT {quoted(key.name)} {definition}")


def _key(key: ObjectKey, definition: str) -> str | None:
    match = _KEY.fullmatch(definition)
    timing = _timing(match[5]) if match else None
    if match is None or timing is None:
        return None
    arguments = [code.text(key.name), code.text(key.parent), _names(match[3]), *timing]
    if match[2]:
        arguments.append("postgresql_nulls_not_distinct=True")
    primary = match[1] == "PRIMARY KEY"
    if match[4] or (primary and timing):
        return None  # Alembic's stub of the table lacks the columns of INCLUDE; op.create_primary_key takes no timing
    call = "create_primary_key" if primary else "create_unique_constraint"
    return code.call(call, *arguments, *schema_argument(key.schema))


def _foreign_key(key: ObjectKey, definition: str) -> str | None:
    match = _FOREIGN.fullmatch(definition)
    if match is None:
        return None
    rest, options = match[5], []
    if rest.endswith(" NOT VALID"):
        rest, options = rest.removesuffix(" NOT VALID"), ["postgresql_not_valid=True"]
    if rest.startswith(" MATCH FULL"):
        rest, options = rest.removeprefix(" MATCH FULL"), [*options, 'match="FULL"']
    rules = [f"on{word.lower()}={code.text(rule)}" for word, rule in _RULES.findall(rest)]
    timing = _timing(_RULES.sub("", rest))
    if timing is None:
        return None
    own, other = schema_argument(key.schema), schema_argument(_bare(match[2] or ""))
    return code.call(
        "create_foreign_key",
        code.text(key.name), code.text(key.parent), code.text(_bare(match[3])), _names(match[1]), _names(match[4]),
        *rules, *timing, *options,
        *(f"source_{a}" for a in own), *(f"referent_{a}" for a in other),
    )  # fmt: skip


def _check(key: ObjectKey, definition: str) -> str | None:
    match = _CHECK.fullmatch(definition)
    if match is None or match[2]:
        return None
    options = ("postgresql_not_valid=True",) if match[3] else ()
    arguments = (code.text(key.name), code.text(key.parent), sa_text(match[1]))
    return code.call("create_check_constraint", *arguments, *options, *schema_argument(key.schema))


def _timing(rest: str) -> list[str] | None:
    """DEFERRABLE as arguments; None where something else is left."""
    match = _TIMING.fullmatch(rest)
    if match is None:
        return None if rest else []
    return ["deferrable=True", *(['initially="DEFERRED"'] if match[2] else [])]


def create_index(key: ObjectKey, attributes: Attributes) -> str:
    """An index of a table."""
    definition = text(attributes.get("definition"))
    if attributes.get("valid") is not False:
        # The index of a partitioned table, which takes those of the partitions along.
        definition = definition.replace(" ON ONLY ", " ON ", 1)
    read = read_definition(definition.partition(" USING ")[2])
    tail = read.tail if read else "?"
    included = _INCLUDED.search(tail)
    left = _INCLUDED.sub("", tail).replace(_NULLS, "").strip()
    if read is None or left or " ON ONLY " in definition or attributes.get("tablespace"):
        return execute(definition)
    arguments = [code.text(key.name), code.text(key.parent), f"[{', '.join(map(_element, read.elements))}]"]
    if attributes.get("unique"):
        arguments.append("unique=True")
    if read.method.strip() != "btree":
        arguments.append(f"postgresql_using={code.text(read.method.strip())}")
    if included:
        arguments.append(f"postgresql_include={_names(included[1])}")
    if _NULLS in tail:
        arguments.append("postgresql_nulls_not_distinct=True")
    if read.predicate:
        arguments.append(f"postgresql_where={sa_text(read.predicate)}")
    return code.call("create_index", *arguments, *schema_argument(key.schema))


def drop_index(key: ObjectKey) -> str:
    arguments = (code.text(key.name), f"table_name={code.text(key.parent)}")
    return code.call("drop_index", *arguments, *schema_argument(key.schema))


def _element(element: Element) -> str:
    written = " ".join(part for part in (element.expression, element.rest) if part)
    return code.text(_bare(written)) if _PLAIN_NAME.match(written) else sa_text(written)


def _names(listed: str) -> str:
    names = (code.text(_bare(name)) for name in re.findall(_COLUMN, listed))
    return f"[{', '.join(names)}]"


def _bare(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
