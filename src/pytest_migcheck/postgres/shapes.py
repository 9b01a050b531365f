"""Read what the tables of a database ask of their rows, in one statement.

https://www.postgresql.org/docs/current/catalogs.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from pytest_migcheck.core.table_shape import (
    Check,
    ColumnShape,
    ForeignKey,
    Shapes,
    TableName,
    TableShape,
    TypeShape,
)

Query = Callable[[str], Sequence[Sequence[Any]]]

_NAMES = """(SELECT json_agg(a.attname ORDER BY k.n) FROM unnest({keys}) WITH ORDINALITY k(num, n)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = {table} AND a.attnum = k.num)"""

_TABLES = f"""
WITH rel AS (
    SELECT c.*, n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
        AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'migcheck')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
            AND d.objid = c.oid AND d.deptype = 'e'))
SELECT json_build_object('schema', c.nspname, 'name', c.relname, 'partitioned', c.relkind = 'p',
    'partition_key', CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
    'partitions', CASE WHEN c.relkind = 'p' THEN (SELECT json_agg(json_build_array(pn.nspname, p.relname,
        CASE WHEN p.relpartbound IS NOT NULL THEN pg_catalog.pg_get_expr(p.relpartbound, p.oid) END,
        CASE WHEN p.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(p.oid) END))
        FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class p ON p.oid = t.relid
        JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE t.level > 0) END,
    'columns', (SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::bigint,
        'typmod', a.atttypmod,
        'type_text', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
        'default', CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
        'identity', a.attidentity, 'generated', a.attgenerated <> '',
        'sequence', pg_catalog.pg_get_serial_sequence(pg_catalog.format('%I.%I', c.nspname, c.relname), a.attname))
        ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d
            ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'unique', (SELECT json_agg(json_build_array(i.indisprimary, {_NAMES.format(keys="i.indkey", table="c.oid")},
        pg_catalog.pg_get_expr(i.indpred, i.indrelid)) ORDER BY i.indexrelid)
        FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique),
    'foreign_keys', (SELECT json_agg(json_build_array({_NAMES.format(keys="k.conkey", table="c.oid")}, fn.nspname,
        f.relname, {_NAMES.format(keys="k.confkey", table="f.oid")}, k.condeferrable) ORDER BY k.conname)
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
        JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
        WHERE k.conrelid = c.oid AND k.contype = 'f' AND (k.conparentid = 0 OR NOT c.relispartition)),
    'checks', (SELECT json_agg(json_build_array({_NAMES.format(keys="k.conkey", table="c.oid")},
        pg_catalog.pg_get_expr(k.conbin, k.conrelid)) ORDER BY k.conname)
        FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'),
    'triggers', EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
    'deferred', EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgdeferrable))::text
FROM rel c ORDER BY c.nspname, c.relname"""

_TYPES = """
WITH RECURSIVE used(oid) AS (
    SELECT DISTINCT a.atttypid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
    UNION SELECT x.oid FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.oid, LATERAL (
        SELECT nullif(t.typelem, 0) UNION SELECT nullif(t.typbasetype, 0)
        UNION SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid
        UNION SELECT g.rngtypid FROM pg_catalog.pg_range g WHERE g.rngmultitypid = t.oid
        UNION SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND t.typrelid <> 0
            AND a.attnum > 0 AND NOT a.attisdropped) x(oid) WHERE x.oid IS NOT NULL)
SELECT json_build_object('oid', t.oid::bigint, 'name', pg_catalog.format_type(t.oid, NULL), 'typtype', t.typtype,
    'category', t.typcategory, 'element', t.typelem::bigint, 'length', t.typlen, 'base', t.typbasetype::bigint,
    'typmod', t.typtypmod, 'not_null', t.typnotnull,
    'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
        WHERE e.enumtypid = t.oid),
    'subtype', coalesce((SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid),
        (SELECT g.rngtypid FROM pg_catalog.pg_range g WHERE g.rngmultitypid = t.oid))::bigint,
    'attributes', CASE WHEN t.typtype = 'c' THEN (SELECT json_agg(json_build_array(a.attname, a.atttypid::bigint,
        a.atttypmod) ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid
        AND a.attnum > 0 AND NOT a.attisdropped) END,
    'checks', (SELECT json_agg(pg_catalog.pg_get_constraintdef(k.oid)) FROM pg_catalog.pg_constraint k
        WHERE k.contypid = t.oid AND k.contype = 'c'))::text
FROM used u JOIN pg_catalog.pg_type t ON t.oid = u.oid"""

_FORMS = {"e": "enum", "d": "domain", "c": "composite", "r": "range", "m": "multirange", "p": "pseudo"}


def read_shapes(query: Query, hidden_tables: Collection[TableName] = ()) -> Shapes:
    """Read all tables but the hidden ones; ``query`` runs one statement and gives its rows."""
    tables = [_table(json.loads(row[0])) for row in query(_TABLES)]
    types = [json.loads(row[0]) for row in query(_TYPES)]
    return Shapes(
        tables={table.key: table for table in tables if table.key not in hidden_tables},
        types={int(plain["oid"]): _type(plain) for plain in types},
    )


def _table(plain: dict[str, Any]) -> TableShape:
    unique = plain["unique"] or []
    partitions = plain["partitions"] or []
    return TableShape(
        schema=plain["schema"],
        name=plain["name"],
        columns=tuple(_column(column) for column in plain["columns"] or []),
        partitioned=plain["partitioned"],
        partition_key=" ".join(filter(None, (plain["partition_key"], *(key for *_, key in partitions)))),
        bounds=tuple(bound for _, _, bound, _ in partitions if bound),
        partitions=tuple((schema, name) for schema, name, _, _ in partitions),
        primary_key=next((tuple(names) for primary, names, _ in unique if primary and names), ()),
        unique=tuple(tuple(names) for _, names, _ in unique if names),
        foreign_keys=tuple(
            ForeignKey(
                columns=tuple(columns),
                target=(schema, table),
                target_columns=tuple(target_columns),
                deferrable=deferrable,
            )
            for columns, schema, table, target_columns, deferrable in plain["foreign_keys"] or []
        ),
        checks=tuple(
            Check(columns=tuple(columns or ()), expression=expression) for columns, expression in plain["checks"] or []
        ),
        predicates=tuple(predicate for _, _, predicate in unique if predicate),
        triggers=plain["triggers"],
        deferred=plain["deferred"],
    )


def _column(plain: dict[str, Any]) -> ColumnShape:
    return ColumnShape(
        name=plain["name"],
        type=int(plain["type"]),
        typmod=int(plain["typmod"]),
        type_text=plain["type_text"],
        not_null=plain["not_null"],
        default=plain["default"],
        identity=plain["identity"],
        generated=plain["generated"],
        sequence=plain["sequence"],
    )


def _type(plain: dict[str, Any]) -> TypeShape:
    form = _FORMS.get(plain["typtype"], "base")
    inner, typmod = None, -1
    if form == "domain":
        inner, typmod = int(plain["base"]), int(plain["typmod"])
    elif form in ("range", "multirange"):
        inner = int(plain["subtype"])
    elif form == "base" and plain["category"] == "A":
        form, inner = "array", int(plain["element"])
    return TypeShape(
        name=plain["name"],
        form=form,
        category=plain["category"],
        inner=inner,
        inner_typmod=typmod,
        labels=tuple(plain["labels"] or ()),
        attributes=tuple((name, int(oid), int(typmod)) for name, oid, typmod in plain["attributes"] or ()),
        checks=tuple(plain["checks"] or ()),
        not_null=plain["not_null"],
    )
