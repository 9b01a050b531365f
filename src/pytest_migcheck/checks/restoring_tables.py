"""Whole tables as Alembic or SQL makes them, from the catalog."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pytest_migcheck.checks.restoring_columns import column_clause, foreign_options, is_serial, sa_column
from pytest_migcheck.checks.restoring_sql import address, execute, quoted, schema_argument, spare_name
from pytest_migcheck.core.catalog import Attributes, Catalog, ObjectKey
from pytest_migcheck.core.describe import text
from pytest_migcheck.rules import _code as code

Maker = Callable[[ObjectKey, Catalog], str | None]

TABLES = ("table", "partitioned table", "foreign table")
# The parts of a table in the order in which they are made.
_PARTS = ("constraint", "index", "trigger", "rule", "policy", "comment")
_AS_CREATED = ("persistence", "options", "partition key", "partition bound", "parents", "of type", "foreign")


def create_table(key: ObjectKey, catalog: Catalog, make: Maker, changed: Maker) -> str | None:
    """The table and all that belongs to it; ``make`` makes a part, ``changed`` gives attributes to what is made."""
    return _joined([_head(key, catalog), changed(key, catalog), *_parts(key, catalog, make, changed)])


def _joined(lines: list[str | None]) -> str | None:
    return None if None in lines else "\n".join(filter(None, lines))


def _head(key: ObjectKey, catalog: Catalog) -> str:
    columns = columns_of(key, catalog)
    inline = _inline_key(key, catalog)
    calls = [_column(c, catalog, inline) for c in columns]
    attributes = catalog.objects[key]
    odd = any(attributes.get(name) for name in ("partition bound", "parents", "of type", "foreign"))
    if odd or key.kind == "foreign table" or None in calls or any(catalog.objects[c].get("inherited") for c in columns):
        return execute(_sql(key, catalog, columns))
    if inline is not None:
        names = ", ".join(code.text(name) for name in _key_columns(inline, catalog))
        calls.append(f"sa.PrimaryKeyConstraint({names}, name={code.text(inline.name)})")
    arguments = [*filter(None, calls), *_options(attributes), *schema_argument(key.schema)]
    lines = "".join(f"    {argument},\n" for argument in [code.text(key.name), *arguments])
    return f"op.create_table(\n{lines})"


def _column(key: ObjectKey, catalog: Catalog, inline: ObjectKey | None) -> str | None:
    in_key = inline is not None and key.name in _key_columns(inline, catalog)
    serial = is_serial(key, catalog)
    if serial and not in_key:
        return None
    made = sa_column(key, catalog, serial=serial)
    plain = made and in_key and not serial and not catalog.objects[key].get("identity")
    return made.replace(", nullable=", ", autoincrement=False, nullable=") if made and plain else made


def _inline_key(key: ObjectKey, catalog: Catalog) -> ObjectKey | None:
    """The primary key that stands within ``op.create_table``."""
    found = (k for k in _of(key, catalog, "constraint") if catalog.objects[k].get("type") == "p")
    primary = next(found, None)
    return primary if primary and text(catalog.objects[primary].get("definition")).endswith(")") else None


def _key_columns(primary: ObjectKey, catalog: Catalog) -> list[str]:
    listed = text(catalog.objects[primary].get("definition")).partition("(")[2].partition(")")[0]
    return [name.strip().strip('"').replace('""', '"') for name in listed.split(",")]


def _options(attributes: Attributes) -> list[str]:
    arguments = ['prefixes=["UNLOGGED"]'] if attributes.get("persistence") == "u" else []
    if attributes.get("partition key"):
        arguments.append(f"postgresql_partition_by={code.text(text(attributes['partition key']))}")
    if attributes.get("options"):
        pairs = (o.partition("=")[::2] for o in text(attributes["options"]).split(", "))
        options = ", ".join(f"{code.text(name)}: {code.text(value)}" for name, value in pairs)
        arguments.append(f"postgresql_with={{{options}}}")
    return arguments


def _sql(key: ObjectKey, catalog: Catalog, columns: list[ObjectKey]) -> str:
    """CREATE TABLE where it inherits, is a partition, of a type or foreign, or has columns of rarer types."""
    attributes = catalog.objects[key]
    words = "FOREIGN TABLE" if key.kind == "foreign table" else "TABLE"
    head = f"CREATE {'UNLOGGED ' if attributes.get('persistence') == 'u' else ''}{words} {address(key)}"
    bound, parents = text(attributes.get("partition bound")), text(attributes.get("parents"))
    own = [c for c in columns if not catalog.objects[c].get("inherited")]
    listed = ", ".join(f"{quoted(c.name)} {column_clause(c, catalog)}" for c in own)
    if bound:
        head += f" PARTITION OF {parents} {bound}"
    elif attributes.get("of type"):
        head += f" OF {text(attributes['of type'])}"
    else:
        head += f" ({listed})" + (f" INHERITS ({parents})" if parents else "")
    if attributes.get("partition key"):
        head += f" PARTITION BY {text(attributes['partition key'])}"
    if attributes.get("options"):
        head += f" WITH ({text(attributes['options'])})"
    if attributes.get("foreign"):
        server, _, options = text(attributes["foreign"]).partition(" ")
        head += f" SERVER {quoted(server)}" + (f" OPTIONS ({foreign_options(options)})" if options else "")
    return head


def _parts(key: ObjectKey, catalog: Catalog, make: Maker, changed: Maker) -> Iterator[str | None]:
    inline = _inline_key(key, catalog)
    written_inline = "PrimaryKeyConstraint" in _head(key, catalog)
    for column in columns_of(key, catalog):
        yield changed(column, catalog)
    for kind in _PARTS:
        for part in sorted(_of(key, catalog, kind), key=lambda k: (_key_first(k, catalog), k.name)):
            attributes = catalog.objects[part]
            made_already = attributes.get("_constraint") or attributes.get("inherited") or attributes.get("_from")
            if not made_already and not (part == inline and written_inline):
                yield make(part, catalog)


def _key_first(key: ObjectKey, catalog: Catalog) -> bool:
    """Foreign keys come after the keys that they may point at."""
    return catalog.objects[key].get("type") == "f"


def columns_of(key: ObjectKey, catalog: Catalog) -> list[ObjectKey]:
    found = _of(key, catalog, "column")
    return sorted(found, key=lambda k: int(text(catalog.objects[k].get("_position")) or 0))


def _of(key: ObjectKey, catalog: Catalog, kind: str) -> list[ObjectKey]:
    group = catalog.beside(key)
    parts = [k for k in group if k.kind == kind and (k.schema, k.parent) == (key.schema, key.name)]
    if kind == "comment":
        parts += [k for k in group if k.kind == "comment" and k.schema == key.schema and k.name == key.name]
    return parts


def partitions_of(key: ObjectKey, catalog: Catalog) -> Iterator[ObjectKey]:
    """The partitions of a table, each before its own."""
    for other, attributes in sorted(catalog.objects.items()):
        if attributes.get("partition bound") and text(attributes.get("parents")) == address(key):
            yield other
            yield from partitions_of(other, catalog)


def rebuild(key: ObjectKey, old: ObjectKey, catalog: Catalog, created: str, kept: Collection[str]) -> str:
    """Make a table anew whose kind or partitioning is another; the values of the columns that it keeps are moved."""
    moved = (c for c in columns_of(key, catalog) if c.name in kept and not catalog.objects[c].get("generated"))
    columns = ", ".join(quoted(c.name) for c in moved)
    aside = old._replace(name=spare_name(key.name))
    return "\n".join(
        (
            "# the rows go over a copy: names of constraints and indexes are free only without the old table",
            execute(f"CREATE TABLE {address(aside)} AS SELECT * FROM {address(old)}"),
            execute(f"DROP TABLE {address(old)}"),
            created,
            execute(f"INSERT INTO {address(key)} ({columns}) SELECT {columns} FROM {address(aside)}"),
            execute(f"DROP TABLE {address(aside)}"),
        )
    )
