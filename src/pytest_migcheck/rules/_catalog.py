"""Questions about a catalog, asked with names as statements spell them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.foreign_keys import read_foreign_key

TABLES = {"table": "r", "partitioned table": "p", "materialized view": "m"}
RELATIONS = (*TABLES, "view", "foreign table")
_NOTHING = Catalog({})


def find(catalog: Catalog | None, kinds: tuple[str, ...] | dict[str, str], name: str) -> ObjectKey | None:
    """The object of one of these kinds with a name, with or without schema; ``public`` is preferred."""
    schema, _, bare = name.rpartition(".")
    found = [
        key
        for key in (catalog or _NOTHING).named(bare)
        if key.kind in kinds and schema in ("", key.schema)
    ]
    return min(found, key=lambda key: (key.schema != "public", key.schema), default=None)


def attributes(catalog: Catalog | None, key: ObjectKey | None) -> Attributes:
    """The attributes of an object; empty where there is none."""
    return ((catalog or _NOTHING).get(key) or {}) if key is not None else {}


def column(catalog: Catalog | None, table: str, name: str) -> Attributes:
    """The attributes of a column of a table; empty where there is none."""
    key = find(catalog, RELATIONS, table)
    return attributes(catalog, key and ObjectKey("column", key.schema, key.name, name))


def parts(catalog: Catalog | None, kind: str, table: str) -> Iterator[tuple[ObjectKey, Attributes]]:
    """The objects of a kind (``constraint``, ``index``, ...) that belong to a table."""
    key = find(catalog, RELATIONS, table)
    if key is not None and catalog is not None:
        for other, values in catalog.beside(key).items():
            if other.kind == kind and other.parent == key.name and other.schema == key.schema:
                yield other, values


def standing_on(catalog: Catalog | None, table: str, name: str) -> list[str]:
    """What stands on a column, in the words of its definition: NOT NULL, constraints, indexes, and what reads it."""
    of_it = column(catalog, table, name)
    found = ["NOT NULL"] if of_it.get("not null") else []
    found += ["its identity"] if of_it.get("identity") else []
    word, reads = _word(name), _word(table.rpartition(".")[2])
    for kind in ("constraint", "index"):
        for key, values in parts(catalog, kind, table):
            _, _, about = str(values.get("definition")).partition("(")
            if word.search(about) and not values.get("_constraint"):
                found.append(f"{kind} {key.name}")
    columns = parts(catalog, "column", table)
    found += [f"column {key.name}" for key, values in columns if word.search(str(values.get("generated") or ""))]
    for key, values in catalog.standing() if catalog is not None else ():
        definition = str(values.get("definition") or "") if key.kind in ("view", "materialized view") else ""
        if reads.search(definition) and word.search(definition):
            found.append(f"view {key.name}")
    return found


def _word(name: str) -> re.Pattern[str]:
    """A name as the server spells it, with quotes or without."""
    return re.compile(rf'(?<![\w"]){re.escape(name)}(?![\w"])|"{re.escape(name)}"')


def index(catalog: Catalog | None, name: str) -> ObjectKey | None:
    """The index with a name; its ``parent`` is the table."""
    return find(catalog, ("index",), name)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().replace('"', "") for name in text.split(","))


def index_columns(definition: object) -> tuple[str, ...]:
    """The columns or expressions of an index as ``pg_get_indexdef`` spells it, without their order."""
    _, _, rest = str(definition).partition(" USING ")
    inside = rest.partition("(")[2]
    depth, end = 1, len(inside)
    for place, letter in enumerate(inside):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            end = place
            break
    return tuple(part.strip().split(" ")[0].replace('"', "") for part in inside[:end].split(","))


def made_constraint(
    before: Catalog | None, after: Catalog | None, table: str, kind: str, columns: tuple[str, ...] = ()
) -> str | None:
    """The name of the constraint of a kind (``c``, ``f``, ``u``, ...) that a step made; None where it is not clear."""
    there = {key for key, _ in parts(before, "constraint", table)}
    made = [
        key.name
        for key, values in parts(after, "constraint", table)
        if key not in there and values.get("type") == kind and _about(str(values.get("definition")), columns)
    ]
    return made[0] if len(made) == 1 else None


def _about(definition: str, columns: tuple[str, ...]) -> bool:
    return not columns or _names(definition.partition("(")[2].partition(")")[0]) == columns


def referenced_tables(catalog: Catalog | None, table: str, constraint: str = "", column_name: str = "") -> set[str]:
    """The tables that foreign keys of a table refer to: all, the one of a name, or those of a column."""
    found: set[str] = set()
    for key, values in parts(catalog, "constraint", table):
        reference = read_foreign_key(str(values.get("definition"))) if values.get("type") == "f" else None
        if reference is None or (constraint and key.name != constraint):
            continue
        if not column_name or column_name in reference.columns:
            found.add(reference.target.qualified)
    return found


def linked_tables(catalog: Catalog | None, table: str) -> set[str]:
    """The tables that a table refers to by foreign keys, and those that refer to it."""
    key = find(catalog, TABLES, table)
    if key is None or catalog is None:
        return set()
    referring = {
        f"{other.schema}.{other.parent}"
        for other, values in catalog.objects.items()
        if other.kind == "constraint" and values.get("type") == "f"
        if (reference := read_foreign_key(str(values.get("definition"))))
        if reference.target.qualified == key.qualified
    }
    return referring | referenced_tables(catalog, table)


def descendants(catalog: Catalog | None, table: str) -> set[str]:
    """The partitions and inheriting tables of a schema-qualified table, at every level."""
    parents = {
        key.qualified: {name.strip().replace('"', "") for name in str(values["parents"]).split(",")}
        for key, values in (catalog or _NOTHING).standing()
        if key.kind in TABLES and values.get("parents")
    }
    found: set[str] = set()
    pending = [table]
    while pending:
        current = pending.pop()
        for child, names in parents.items():
            if current in names and child not in found:
                found.add(child)
                pending.append(child)
    return found


def partitions(catalog: Catalog | None, table: str) -> tuple[ObjectKey, ...]:
    """The partitions right below a table; none where one of them is partitioned again."""
    parent = find(catalog, TABLES, table)
    if parent is None:
        return ()
    found = [
        key
        for key, values in (catalog or _NOTHING).standing()
        if key.kind in TABLES and values.get("parents")
        and parent.qualified in {name.strip().replace('"', "") for name in str(values["parents"]).split(",")}
    ]
    return tuple(sorted(found)) if all(key.kind == "table" for key in found) else ()


def constrained_domain(catalog: Catalog | None, type_name: str) -> str | None:
    """The base type of a domain that has a constraint; None for any other type."""
    key = find(catalog, ("type",), type_name.replace('"', ""))
    values = attributes(catalog, key)
    if key is None or catalog is None or values.get("form") != "domain":
        return None
    checked = any(other.kind == "constraint" for other in catalog.beside(key))
    return str(values.get("base type")) if checked or values.get("not null") else None


def key_column(catalog: Catalog | None, table: str) -> str:
    """The column of a table's primary key; ``id`` where that is no single column, "" where there is no ``id``."""
    columns = primary_key(catalog, table)
    if len(columns) == 1:
        return columns[0]
    return "id" if column(catalog, table, "id") or find(catalog, RELATIONS, table) is None else ""


def primary_key(catalog: Catalog | None, table: str) -> tuple[str, ...]:
    """The columns of a table's primary key."""
    for _, values in parts(catalog, "constraint", table):
        if values.get("type") == "p":
            return _names(str(values["definition"]).partition("(")[2].partition(")")[0])
    return ()


_RANGE = re.compile(r"(?is)FOR VALUES FROM \((?P<low>.+)\) TO \((?P<high>.+)\)")
_LIST = re.compile(r"(?is)FOR VALUES IN \((?P<values>.+)\)")
_VALUE = re.compile(r"(?:'(?:[^']|'')*'|[^,'\s])(?:'(?:[^']|'')*'|[^,'])*")
_ENDS = frozenset(("MINVALUE", "MAXVALUE"))


def partition_condition(catalog: Catalog | None, parent: str, bounds: str) -> str | None:
    """The bounds of a partition as a condition; None where its key is more than one column."""
    values = attributes(catalog, find(catalog, TABLES, parent))
    method, _, key = str(values.get("partition key") or "").partition(" ")
    column = key.strip("()")
    if not re.fullmatch(r"\w+", column):
        return None
    found = (_RANGE if method == "RANGE" else _LIST).search(bounds)
    if found is None:
        return None
    if method == "LIST":
        listed = _VALUE.findall(found["values"])
        given = [value for value in listed if value.upper() != "NULL"]
        within = f"{column} IN ({', '.join(given)})" if given else ""
        if len(given) == len(listed):
            return f"{column} IS NOT NULL AND {within}"
        return " OR ".join(filter(None, (f"{column} IS NULL", within)))
    low, high = found["low"].strip(), found["high"].strip()
    limits = [f"{column} IS NOT NULL"]
    limits += [f"{column} >= {low}"] if low.upper() not in _ENDS else []
    limits += [f"{column} < {high}"] if high.upper() not in _ENDS else []
    return " AND ".join(limits)


def domain_checks(catalog: Catalog | None, type_name: str) -> list[str]:
    """The conditions of a domain's checks, about ``VALUE``."""
    key = find(catalog, ("type",), type_name.replace('"', ""))
    owned = catalog.beside(key) if key is not None and catalog is not None else {}
    definitions = [str(values.get("definition")) for o, values in owned.items() if o.kind == "constraint"]
    return [found[1] for found in (re.match(r"CHECK \((.*)\)", d) for d in definitions) if found]
