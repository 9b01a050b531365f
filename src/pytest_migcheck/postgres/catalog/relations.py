"""The families of relations, types and functions, and of all that belongs to them.

Each is a SELECT of (owner, part, kind, schema, parent, name, attributes). Databases have many of these, so what most
of them lack is behind a CASE, which is cheaper than a subquery that finds nothing.

``owner`` is the oid of the relation, type or function that an object belongs to, ``part`` that of an index
or a sequence, which may belong to a table, and for a table the oid of the one that it inherits from.

An attribute whose name begins with ``_`` is carried and not compared. Sources: PostgreSQL's documentation,
chapter "System Catalogs" (https://www.postgresql.org/docs/current/catalogs.html).
"""

from __future__ import annotations

from pytest_migcheck.postgres.catalog.indexes import IN_A_TABLESPACE, WITH_OPTIONS, indexes
from pytest_migcheck.postgres.catalog.scope import FOREIGN, INHERITANCE, Scope, acl, attributes, internal, listed

_KIND = """CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
    WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' END"""


def _relations(scope: Scope) -> str:
    usual = {
        "persistence": "c.relpersistence",
        "access method": "CASE WHEN c.relam <> 0 THEN (SELECT amname FROM pg_am WHERE oid = c.relam) END",
        "toast options": f"""CASE WHEN c.reltoastrelid <> 0 THEN (SELECT {listed("t.reloptions")} FROM pg_class t
            WHERE t.oid = c.reltoastrelid) END""",
        "replica identity": """CASE c.relreplident WHEN 'i' THEN (SELECT concat('i ', i.indexrelid::regclass::text)
            FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident) ELSE c.relreplident::text END""",
        "row security": "c.relrowsecurity",
        "force row security": "c.relforcerowsecurity",
        "_populated": "c.relispopulated",
        "owner": "pg_get_userbyid(c.relowner)",
        "grants": f"""CASE WHEN c.relkind = 'c' THEN
            (SELECT {acl("t.typacl", "T", "t.typowner")} FROM pg_type t WHERE t.oid = c.reltype)
            ELSE {acl("c.relacl", "r", "c.relowner")} END""",
    }
    seldom = {
        "tablespace": IN_A_TABLESPACE,
        "options": WITH_OPTIONS,
        "partition key": ("c.relkind = 'p'", "pg_get_partkeydef(c.oid)"),
        "partition bound": ("c.relpartbound IS NOT NULL", "pg_get_expr(c.relpartbound, c.oid)"),
        "parents": (
            scope.where(INHERITANCE, "EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)"),
            """(SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i
                WHERE i.inhrelid = c.oid)""",
        ),
        "of type": ("c.reloftype <> 0", "format_type(c.reloftype, NULL)"),
        "definition": ("c.relkind IN ('v', 'm')", "pg_get_viewdef(c.oid)"),
        "foreign": (
            scope.where(FOREIGN, "c.relkind = 'f'"),
            """(SELECT concat(s.srvname, ' ', (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(f.ftoptions) o))
                FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)""",
        ),
    }
    parent = "(SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = c.oid LIMIT 1)"
    return f"""
SELECT c.oid::bigint, {parent if scope.has(INHERITANCE) else "NULL"}::bigint,
    {_KIND}, c.schema, '', c.name, {attributes(usual, seldom=seldom)}
FROM rel c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')"""


def _sequences() -> str:
    of_it = attributes(
        {
            "type": "format_type(s.seqtypid, NULL)",
            "start": "s.seqstart",
            "increment": "s.seqincrement",
            "min": "s.seqmin",
            "max": "s.seqmax",
            "cache": "s.seqcache",
            "cycle": "s.seqcycle",
            # A sequence that a column owns follows its table when that becomes UNLOGGED.
            "persistence": "CASE WHEN o.refobjid IS NULL THEN nullif(c.relpersistence, 'p') END",
            "owned by": """(SELECT concat(o.refobjid::regclass, '.', quote_ident(a.attname)) FROM pg_attribute a
                WHERE a.attrelid = o.refobjid AND a.attnum = o.refobjsubid)""",
            "identity": "nullif(o.deptype = 'i', false)",
            "owner": "pg_get_userbyid(c.relowner)",
            "grants": acl("c.relacl", "s", "c.relowner"),
        }
    )
    return f"""
SELECT coalesce(o.refobjid, c.oid)::bigint, c.oid::bigint, 'sequence', c.schema, '', c.name, {of_it}
FROM rel c JOIN pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
    AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0"""


def _columns(scope: Scope, version: int) -> str:
    # A NOT NULL whose name somebody chose; those that the server makes up follow no rename.
    named = "k.contype = 'n' AND k.conname !~ '_not_null[0-9]*$'" if version >= 180000 else "false"
    usual = {
        "type": "format_type(a.atttypid, a.atttypmod)",
        "not null": "a.attnotnull",
        "default": "CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END",
        "_position": "a.attnum",
    }
    seldom = {
        "not null constraint": ("k.conname IS NOT NULL", "k.conname"),
        "identity": ("a.attidentity <> ''", "a.attidentity"),
        "generated": ("a.attgenerated <> ''", "concat(a.attgenerated, ' ', pg_get_expr(d.adbin, d.adrelid))"),
        "collation": ("a.attcollation <> t.typcollation", "a.attcollation::regcollation::text"),
        "storage": ("a.attstorage <> t.typstorage", "a.attstorage"),
        "compression": ("a.attcompression <> ''", "a.attcompression"),
        "statistics": ("a.attstattarget <> -1", "a.attstattarget"),
        "options": ("a.attoptions IS NOT NULL", listed("a.attoptions")),
        "fdw options": (scope.where(FOREIGN, "a.attfdwoptions IS NOT NULL"), listed("a.attfdwoptions")),
        "inherited": ("NOT a.attislocal", "true"),
        "grants": (
            "a.attacl IS NOT NULL",
            """(SELECT string_agg(x::text, ',' ORDER BY x::text COLLATE "C") FROM unnest(a.attacl) x)""",
        ),
        "_from": (
            scope.where(INHERITANCE, "a.attinhcount > 0"),
            """(SELECT string_agg(concat(h.inhparent::regclass::text, '.', quote_ident(a.attname)), ', ')
                FROM pg_inherits h WHERE h.inhrelid = c.oid)""",
        ),
    }
    return f"""
SELECT c.oid::bigint, NULL::bigint, 'column', c.schema, c.name, a.attname::text, {attributes(usual, seldom=seldom)}
FROM rel c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.conkey[1] = a.attnum AND {named}
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')"""


# PostgreSQL 18 lists NOT NULL in pg_constraint: the column says it already, a name of its own is noise.
_NO_NOT_NULL = "AND NOT (k.contype = 'n' AND k.convalidated)"
_OF_ANY_CONSTRAINT = {
    "definition": "pg_get_constraintdef(k.oid)",
    "type": "k.contype",
    "validated": "k.convalidated",
}


def _constraints(scope: Scope, version: int) -> str:
    usual = {
        **_OF_ANY_CONSTRAINT,
        "enforced": "k.conenforced" if version >= 180000 else "true",
        "deferrable": "k.condeferrable",
        "deferred": "k.condeferred",
        # Of keys and foreign keys it says how a partition was made, and no DDL sets it.
        "no inherit": "k.connoinherit AND k.contype IN ('c', 'n')",
    }
    with_disabled = "k.contype = 'f'"
    if not scope.near:
        # One look at all triggers finds these few.
        with_disabled = "k.oid IN (SELECT g.tgconstraint FROM pg_trigger g WHERE g.tgisinternal AND g.tgenabled <> 'O')"
    seldom = {
        "inherited": ("NOT k.conislocal", "true"),
        "disabled triggers": (
            with_disabled,
            """(SELECT string_agg(concat(t.tgrelid::regclass::text, ' ', t.tgenabled), ', '
                ORDER BY t.tgrelid::regclass::text, t.tgtype) FROM pg_trigger t
                WHERE t.tgconstraint = k.oid AND t.tgisinternal AND t.tgenabled <> 'O')""",
        ),
        "_from": (
            scope.where(INHERITANCE, "k.conparentid <> 0 OR k.coninhcount > 0"),
            """CASE WHEN k.conparentid <> 0 THEN (SELECT concat(u.conrelid::regclass::text, '.', quote_ident(u.conname))
                FROM pg_constraint u WHERE u.oid = k.conparentid)
                ELSE (SELECT string_agg(concat(h.inhparent::regclass::text, '.', quote_ident(k.conname)), ', ')
                FROM pg_inherits h WHERE h.inhrelid = k.conrelid) END""",
        ),
    }
    return f"""
SELECT r.oid::bigint, NULL::bigint, 'constraint', r.schema, r.name, k.conname::text,
    {attributes(usual, seldom=seldom)}
FROM rel r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype <> 't' {_NO_NOT_NULL}"""


def parts(_: Scope) -> str:
    """The SELECT of triggers, rules and policies."""
    return """
SELECT r.oid::bigint, NULL::bigint, 'trigger', r.schema, r.name, t.tgname::text, json_build_object(
    'definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled)::text
FROM pg_trigger t JOIN rel r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
    AND NOT EXISTS (SELECT FROM pg_trigger u WHERE u.oid = t.tgparentid AND u.tgenabled = t.tgenabled)
UNION ALL SELECT r.oid::bigint, NULL::bigint, 'rule', r.schema, r.name, w.rulename::text, json_build_object(
    'definition', pg_get_ruledef(w.oid), 'enabled', w.ev_enabled)::text
FROM pg_rewrite w JOIN rel r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL SELECT r.oid::bigint, NULL::bigint, 'policy', r.schema, r.name, p.polname::text, json_build_object(
    'command', p.polcmd, 'permissive', p.polpermissive, 'using', pg_get_expr(p.polqual, p.polrelid),
    'with check', pg_get_expr(p.polwithcheck, p.polrelid), 'roles', (SELECT string_agg(
        CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o) END, ', ' ORDER BY
        CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o) END COLLATE "C") FROM unnest(p.polroles) o))::text
FROM pg_policy p JOIN rel r ON r.oid = p.polrelid"""


# As core.labels reads it.
_LABEL = """CASE WHEN e.enumlabel = '' OR e.enumlabel ~ '^''|,'
        THEN concat('''', replace(e.enumlabel, '''', ''''''), '''') ELSE e.enumlabel END"""


def types(scope: Scope) -> str:
    """The SELECT of enum, domain, range and base types, and of the constraints of domains."""
    return f"""
SELECT t.oid::bigint, NULL::bigint, 'type', n.name, '', t.typname::text, json_build_object(
    'form', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'base' END,
    'labels', (SELECT string_agg({_LABEL}, ', ' ORDER BY e.enumsortorder)
        FROM pg_enum e WHERE e.enumtypid = t.oid),
    'base type', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
    'not null', t.typnotnull, 'default', t.typdefault,
    'collation', CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 THEN t.typcollation::regcollation::text END,
    'subtype', (SELECT concat(format_type(g.rngsubtype, NULL), ' ',
        (SELECT concat(o.opcnamespace::regnamespace, '.', o.opcname) FROM pg_opclass o WHERE o.oid = g.rngsubopc),
        ' ', nullif(g.rngcollation, 0)::regcollation,
        ' ', nullif(g.rngcanonical, 0)::regproc, ' ', nullif(g.rngsubdiff, 0)::regproc)
        FROM pg_range g WHERE g.rngtypid = t.oid),
    'owner', pg_get_userbyid(t.typowner), 'grants', {acl("t.typacl", "T", "t.typowner")})::text
FROM pg_type t JOIN ns n ON n.oid = t.typnamespace
WHERE t.oid >= 16384 AND {scope.among("t.oid")} AND t.typtype IN ('e', 'd', 'r', 'b')
    AND NOT (t.typtype = 'b' AND t.typcategory = 'A')
    AND {scope.own("t", "pg_type")}
UNION ALL SELECT t.oid::bigint, NULL::bigint, 'constraint', ns.name, t.typname::text, k.conname::text,
    {attributes(_OF_ANY_CONSTRAINT)}
FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN ns ON ns.oid = t.typnamespace
WHERE t.oid >= 16384 AND {scope.among("k.contypid")} AND {scope.own("t", "pg_type")} {_NO_NOT_NULL}"""


# As CREATE AGGREGATE takes it: https://www.postgresql.org/docs/current/sql-createaggregate.html.
_AGGREGATE = """SELECT concat_ws(', ', 'SFUNC = ' || g.aggtransfn::regproc,
    'STYPE = ' || format_type(g.aggtranstype, NULL), 'SSPACE = ' || nullif(g.aggtransspace, 0),
    'FINALFUNC = ' || nullif(g.aggfinalfn, 0)::regproc, CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
    'COMBINEFUNC = ' || nullif(g.aggcombinefn, 0)::regproc, 'SERIALFUNC = ' || nullif(g.aggserialfn, 0)::regproc,
    'DESERIALFUNC = ' || nullif(g.aggdeserialfn, 0)::regproc, 'INITCOND = ' || quote_literal(g.agginitval),
    'MSFUNC = ' || nullif(g.aggmtransfn, 0)::regproc, 'MINVFUNC = ' || nullif(g.aggminvtransfn, 0)::regproc,
    'MSTYPE = ' || format_type(nullif(g.aggmtranstype, 0), NULL),
    'MFINALFUNC = ' || nullif(g.aggmfinalfn, 0)::regproc, 'MINITCOND = ' || quote_literal(g.aggminitval),
    'SORTOP = ' || nullif(g.aggsortop, 0)::regoperator, 'PARALLEL = ' || nullif(p.proparallel, 'u')::text,
    CASE WHEN g.aggkind = 'h' THEN 'HYPOTHETICAL' END) FROM pg_aggregate g WHERE g.aggfnoid = p.oid"""


def functions(scope: Scope) -> str:
    """The SELECT of functions, procedures and aggregates."""
    return f"""
SELECT p.oid::bigint, NULL::bigint,
    CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, n.name, '',
    concat(p.proname, '(', pg_get_function_identity_arguments(p.oid), ')'), json_build_object(
    'definition', CASE WHEN p.prokind = 'a' THEN ({_AGGREGATE}) ELSE pg_get_functiondef(p.oid) END,
    'owner', pg_get_userbyid(p.proowner), 'grants', {acl("p.proacl", "f", "p.proowner")})::text
FROM pg_proc p JOIN ns n ON n.oid = p.pronamespace WHERE p.oid >= 16384 AND {scope.among("p.oid")}
    AND {scope.own("p", "pg_proc")} AND {internal("p", "pg_proc")}"""


def relation_families(scope: Scope, version: int) -> tuple[str, ...]:
    """The SELECTs of relations with their columns, constraints and indexes, and of sequences."""
    return (
        _relations(scope),
        _sequences(),
        _columns(scope, version),
        _constraints(scope, version),
        indexes(scope, version),
    )
