"""The family of indexes, with what PostgreSQL says of each."""

from __future__ import annotations

from pytest_migcheck.postgres.catalog.scope import INHERITANCE, Scope, attributes, listed

# Attributes that indexes share with tables: (where there are any, what they are).
IN_A_TABLESPACE = ("c.reltablespace <> 0", "(SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace)")
WITH_OPTIONS = ("c.reloptions IS NOT NULL", listed("c.reloptions"))


def indexes(scope: Scope, version: int) -> str:
    """The SELECT of indexes, in the form of the families of relations."""
    usual = {
        "definition": "pg_get_indexdef(c.oid)" if scope.near else _index_definition(version),
        "unique": "i.indisunique",
        "valid": "i.indisvalid OR c.relkind = 'I'",
        "clustered": "i.indisclustered",
        "_constraint": "k.conname",
    }
    seldom = {
        "options": WITH_OPTIONS,
        "attached to": (
            scope.where(INHERITANCE, "c.relispartition"),
            "(SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = c.oid)",
        ),
        "_from": (
            scope.where(INHERITANCE, "c.relispartition"),
            """(SELECT concat(v.indrelid::regclass::text, '.', p.relname)
                FROM pg_inherits h JOIN pg_index v ON v.indexrelid = h.inhparent
                JOIN pg_class p ON p.oid = h.inhparent WHERE h.inhrelid = c.oid)""",
        ),
        "tablespace": IN_A_TABLESPACE,
        # Only a column that is an expression can have one.
        "statistics": (
            "i.indexprs IS NOT NULL",
            """(SELECT string_agg(concat(a.attnum, '=', a.attstattarget), ',' ORDER BY a.attnum)
                FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0)""",
        ),
    }
    return f"""
SELECT t.oid::bigint, c.oid::bigint, 'index', c.schema, t.name, c.name, {attributes(usual, seldom=seldom)}
FROM pg_index i JOIN rel c ON c.oid = i.indexrelid JOIN rel t ON t.oid = i.indrelid
LEFT JOIN pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')"""


def _index_definition(version: int) -> str:
    """``pg_get_indexdef``, and where that says nothing but columns the same text without it.

    For each column it goes through all operator classes of the access method, to leave out the default one, which
    took a fifth of a reading. Most indexes are B-trees on columns in the default order.
    """
    distinct = "AND NOT i.indnullsnotdistinct" if version >= 150000 else ""
    return f"""CASE WHEN c.relkind = 'i' AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
    AND i.indexprs IS NULL AND i.indpred IS NULL AND c.reloptions IS NULL {distinct}
    AND i.indnatts = i.indnkeyatts AND i.indoption::text !~ '[1-9]' THEN coalesce(
    CASE WHEN i.indisunique THEN 'CREATE UNIQUE' ELSE 'CREATE' END || ' INDEX ' || quote_ident(c.name) || ' ON '
    || quote_ident(t.schema) || '.' || quote_ident(t.name) || ' USING btree (' || ({_PLAIN_COLUMNS}) || ')',
    pg_get_indexdef(c.oid)) ELSE pg_get_indexdef(c.oid) END"""


_PLAIN_COLUMNS = """SELECT CASE WHEN bool_and(p.plain) THEN string_agg(p.name, ', ' ORDER BY n) END
    FROM generate_series(0, i.indnatts - 1) n, LATERAL (SELECT quote_ident(a.attname),
        i.indcollation[n] = a.attcollation AND (i.indclass[n], a.atttypid) IN (
            SELECT o.oid, o.opcintype FROM pg_opclass o WHERE o.opcdefault AND o.oid < 16384
            UNION ALL SELECT o.oid, 'varchar'::regtype FROM pg_opclass o
            WHERE o.opcdefault AND o.oid < 16384 AND o.opcintype = 'text'::regtype)
        FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[n] LIMIT 1) p(name, plain)"""
