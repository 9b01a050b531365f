"""The model and PostgreSQL's own grammar agree about statements other than ALTER TABLE."""

from __future__ import annotations

from typing import Any

import postgast
from hypothesis import given
from hypothesis import strategies as st

from pytest_migcheck.sql.model import ParsedStatement
from pytest_migcheck.sql.statements import parse

_NAMES = st.sampled_from(
    ["a", "Mixed", '"Quoted"', '"or ders"', '"not null"', "validate", "key", "cascade", '"ON"', '"x""y"', "é", "concurrent"]
)
_TABLES = st.builds(lambda *parts: ".".join(filter(None, parts)), st.sampled_from(["", "app", '"Ap"']), _NAMES)
_SPACES = st.sampled_from([" ", "\n    ", " /* , ; ( */ ", " -- ON\n"])
_INDEXES = st.sampled_from(
    [
        "CREATE INDEX {n} ON {t} (a)", "CREATE UNIQUE INDEX CONCURRENTLY {n} ON {t} (a, lower(b), (c || ','))",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {n} ON ONLY {t} USING gin (a) INCLUDE (d, e) WHERE x > 1",
        "CREATE INDEX ON {t} (a DESC NULLS LAST, b text_pattern_ops) WITH (fillfactor = 70)",
        "CREATE UNIQUE INDEX {n} ON {t} (a) NULLS NOT DISTINCT WHERE b IS NOT NULL",
    ]
)  # fmt: skip
_DROPS = st.sampled_from(
    [
        "DROP TABLE {t}", "DROP TABLE IF EXISTS {t}, {u} CASCADE", "DROP VIEW {t}", "DROP MATERIALIZED VIEW {t}, {u}",
        "DROP INDEX CONCURRENTLY {t}", "DROP INDEX IF EXISTS {t}, {u}", "DROP TYPE {t} CASCADE", "DROP SEQUENCE {t}",
        "DROP SCHEMA {n} CASCADE", "DROP SCHEMA IF EXISTS {n}, other", "DROP EXTENSION {n}",
    ]
)  # fmt: skip
_ROWS = st.sampled_from(
    [
        "UPDATE {t} SET a = 1", "UPDATE ONLY {t} SET a = (SELECT b FROM c WHERE d) WHERE e", "DELETE FROM {t}",
        "DELETE FROM {t} USING b WHERE a = b", "UPDATE {t} AS x SET a = 1 FROM b WHERE x.a = b.a",
        "WITH w AS (SELECT 1 WHERE true) UPDATE {t} SET a = 1", "WITH w AS (SELECT 1) DELETE FROM {t} WHERE a = 1",
    ]
)  # fmt: skip
_COLUMNS = st.sampled_from(
    [
        "{n} int", "{n} numeric(10, 2) NOT NULL DEFAULT 0", "{n} bigint PRIMARY KEY", "{n} text REFERENCES {t} (id)",
        "CONSTRAINT {n} CHECK (a > 0 AND b IN (1, 2))", "CHECK (f(a, b))", "PRIMARY KEY (a, b)", "UNIQUE (a)",
        "CONSTRAINT {n} FOREIGN KEY (a) REFERENCES {t} (id) ON DELETE CASCADE",
        "{n} bigint GENERATED ALWAYS AS IDENTITY", "EXCLUDE USING gist (r WITH &&)",
    ]
)  # fmt: skip


def _statement(template: str, n: str, t: str, u: str, space: str) -> str:
    return template.format(n=n, t=t, u=u).replace(" ", space, 3)


def _made_of(templates: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(_statement, templates, _NAMES, _TABLES, _TABLES, _SPACES)


def _tree(sql: str) -> Any:
    (wrapped,) = postgast.parse(sql).stmts
    return getattr(wrapped.stmt, wrapped.stmt.WhichOneof("node"))


def _relation(relation: Any) -> str:
    return ".".join(filter(None, (relation.schemaname, relation.relname)))


@given(_made_of(_INDEXES))
def test_create_index(sql: str) -> None:
    tree, parsed = _tree(sql), parse(sql)
    assert (parsed.kind, parsed.name, parsed.table) == ("create index", tree.idxname, _relation(tree.relation))
    assert len(parsed.elements) == len(tree.index_params)
    assert len(parsed.include) == len(tree.index_including_params)
    assert bool(parsed.where) is tree.HasField("where_clause")
    assert _flags(parsed, "CONCURRENTLY", "UNIQUE", "IF NOT EXISTS") == (
        tree.concurrent, tree.unique, tree.if_not_exists,
    )  # fmt: skip


@given(_made_of(_DROPS))
def test_drop(sql: str) -> None:
    tree, parsed = _tree(sql), parse(sql)
    word = tree.DESCRIPTOR.fields_by_name["remove_type"].enum_type.values_by_number[tree.remove_type].name
    kinds = {"OBJECT_MATVIEW": "materialized view"}
    assert parsed.kind == f"drop {kinds.get(word, word.removeprefix('OBJECT_').lower())}"
    assert list(parsed.names) == [_dropped(node) for node in tree.objects]
    cascades = tree.DESCRIPTOR.fields_by_name["behavior"].enum_type.values_by_number[tree.behavior].name
    if parsed.kind != "drop index":
        assert _flags(parsed, "CASCADE", "IF EXISTS") == (cascades == "DROP_CASCADE", tree.missing_ok)
    else:
        assert _flags(parsed, "CONCURRENTLY", "IF EXISTS") == (tree.concurrent, tree.missing_ok)


def _dropped(node: Any) -> str:
    which = node.WhichOneof("node")
    if which == "string":
        return str(node.string.sval)
    items = node.list.items if which == "list" else node.type_name.names
    return ".".join(item.string.sval for item in items)


@given(_made_of(_ROWS))
def test_rows(sql: str) -> None:
    tree, parsed = _tree(sql), parse(sql)
    assert parsed.kind in type(tree).__name__.lower()
    assert parsed.table == _relation(tree.relation)
    assert bool(parsed.where) is tree.HasField("where_clause")


@given(_TABLES, st.lists(_made_of(_COLUMNS), min_size=1, max_size=4))
def test_create_table(table: str, elements: list[str]) -> None:
    sql = f"CREATE TABLE {table} ({', '.join(elements)})"
    tree, parsed = _tree(sql), parse(sql)
    assert (parsed.kind, parsed.table) == ("create table", _relation(tree.relation))
    assert len(parsed.actions) == len(tree.table_elts)
    for action, element in zip(parsed.actions, tree.table_elts, strict=True):
        if element.WhichOneof("node") == "column_def":
            assert (action.kind, action.name) == ("add column", element.column_def.colname)
        else:
            assert action.kind != "add column"
            assert action.name == element.constraint.conname


@given(_TABLES, st.sampled_from(["", " BEFORE 'b'", " AFTER 'b'"]), st.booleans())
def test_values_of_an_enum(name: str, position: str, guarded: bool) -> None:
    sql = f"ALTER TYPE {name} ADD VALUE {'IF NOT EXISTS ' if guarded else ''}'new'{position}"
    tree, parsed = _tree(sql), parse(sql)
    (action,) = parsed.actions
    assert parsed.name == ".".join(part.string.sval for part in tree.type_name)
    assert (action.kind, action.name) == ("add value", tree.new_val)
    assert bool(action.flags & {"BEFORE", "AFTER"}) is bool(tree.new_val_neighbor)
    assert ("IF NOT EXISTS" in action.flags) is tree.skip_if_new_val_exists


def _flags(parsed: ParsedStatement, *names: str) -> tuple[bool, ...]:
    return tuple(name in parsed.flags for name in names)
