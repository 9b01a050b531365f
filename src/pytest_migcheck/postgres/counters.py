"""What a session tells of its locks, scans and files: the queries, and functions of ours that keep their plans.

The counters of ``pg_stat_xact_*`` belong to the session
(https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS).
"""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
from psycopg import errors

# Relations below this oid belong to the system: FirstNormalObjectId in PostgreSQL's access/transam.h.
_COLUMNS = """
    c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text,
    coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint, coalesce(i.indrelid, c.oid)::bigint"""
_JOINS = """
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"""

# Before a transaction: the relations that were written since the last look (``age`` is the distance of a transaction
# id to now), and those that the session's counters stand at something for. The counters are those since they were
# last reported, which is not at each commit, unless ``report`` asks for it. The first column is where to look from
# the next time (https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT).
BEFORE = f"""
SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.xid::text, {{report}},
    pg_catalog.pg_stat_get_xact_numscans(c.oid)::bigint, {_COLUMNS}
FROM (VALUES (1)) AS one LEFT JOIN pg_catalog.pg_class c ON c.oid >= 16384 AND (
    pg_catalog.age(c.xmin) <= pg_catalog.age('{{since}}'::pg_catalog.xid)
    OR c.relkind IN ('r', 'm', 'p') AND pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0) {_JOINS}"""
REPORT = "pg_catalog.pg_stat_force_next_flush() IS NULL"
NO_REPORT = "NULL::boolean"
FIRST_XID = "3"  # FirstNormalTransactionId in PostgreSQL's access/transam.h

# A dropped relation has no row in pg_class, yet its lock is still listed: hence the LEFT JOIN.
HELD = f"""
SELECT l.relation::bigint, l.mode, l.virtualtransaction, pg_catalog.current_setting('lock_timeout'),
    pg_catalog.pg_stat_get_xact_numscans(l.relation)::bigint, {_COLUMNS}
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation {_JOINS}
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                      WHERE d.datname = pg_catalog.current_database())"""

# Outside of a transaction the locks are gone when the statement has ended. Its scans are still counted, by the
# session or, once it has reported them, by the server: the sum of both only grows.
EVERYTHING = f"""
SELECT pg_catalog.current_setting('lock_timeout'),
    pg_catalog.pg_stat_get_numscans(c.oid) + pg_catalog.pg_stat_get_xact_numscans(c.oid), {_COLUMNS}
FROM pg_catalog.pg_class c {_JOINS} WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'p', 'i', 'I', 'v', 'f', 'S')"""

# Whether the server can report counters on demand (PostgreSQL 15), and whether our functions are there.
ABILITIES = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = 'pg_stat_force_next_flush'),
    pg_catalog.to_regprocedure('pg_catalog.migcheck_held()') IS NOT NULL"""

# A session plans a query anew each time that its driver or a DROP has thrown away what was prepared; a function's
# plan stays. Planning takes most of the time of both queries.
HELD_BY_FUNCTION = "SELECT * FROM pg_catalog.migcheck_held()"
BEFORE_BY_FUNCTION = "SELECT * FROM pg_catalog.migcheck_before('{since}')"
_OURS = ("pg_catalog.pg_stat_get_xact_numscans(", "pg_catalog.migcheck_held(", "pg_catalog.migcheck_before(")

_RELATION_COLUMNS = "r1 bigint, r2 text, r3 text, r4 text, r5 text, r6 bigint, r7 bigint"
_INSTALL = """
SET allow_system_table_mods = on;
CREATE OR REPLACE FUNCTION pg_catalog.migcheck_held()
    RETURNS TABLE (h1 bigint, h2 text, h3 text, h4 text, h5 bigint, {columns}) LANGUAGE plpgsql AS $function$
BEGIN RETURN QUERY {held}; END $function$;
CREATE OR REPLACE FUNCTION pg_catalog.migcheck_before(since text)
    RETURNS TABLE (b1 text, b2 boolean, b3 bigint, {columns}) LANGUAGE plpgsql AS $function$
BEGIN RETURN QUERY {before}; END $function$;
RESET allow_system_table_mods"""


def is_look(sql: str) -> bool:
    """Whether a session ran one of these queries, and nothing of its user's."""
    return any(name in sql for name in _OURS)


def install_functions(connection: psycopg.Connection[Any]) -> None:
    """Make the functions in the connection's database; without them, where its user may not, the queries run."""
    report = REPORT if connection.info.server_version >= 150000 else NO_REPORT
    before = BEFORE.format(since="{since}", report=report).replace("'{since}'", "since")
    with contextlib.suppress(errors.InsufficientPrivilege):
        connection.execute(_INSTALL.format(columns=_RELATION_COLUMNS, held=HELD, before=before).encode())
