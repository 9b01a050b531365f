"""Pairs of schemas, declared and migrated: the same thing written differently is silent, the rest is judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from catalog_server import Scratch

from pytest_migcheck.core.diff import diff
from pytest_migcheck.core.drift import drift
from pytest_migcheck.postgres.fold import fold

T = "CREATE TABLE t (id integer PRIMARY KEY, name text, n integer)"
PARTITIONED = (
    "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE p (id int, k int, u int REFERENCES r, PRIMARY KEY (id, k),"
    "UNIQUE (u, k), CONSTRAINT c CHECK (u > 0)) PARTITION BY LIST (k)"
)
E = "CREATE TYPE e AS ENUM ('a', 'b');"

EQUAL = (
    ("column order", "CREATE TABLE t (a int, b int)", "CREATE TABLE t (b int, x int); ALTER TABLE t DROP x, ADD a int"),
    (
        "serial by hand",
        "CREATE TABLE t (id serial PRIMARY KEY)",
        "CREATE SEQUENCE s AS integer; CREATE TABLE t (id integer NOT NULL DEFAULT nextval('s') PRIMARY KEY);"
        "ALTER SEQUENCE s OWNED BY t.id",
    ),
    (
        "serial of a renamed table",
        "CREATE TABLE t (id serial PRIMARY KEY)",
        "CREATE TABLE old (id serial PRIMARY KEY); ALTER TABLE old RENAME TO t",
    ),
    (
        "serial in quotes",
        'CREATE TABLE "T" ("Id" serial PRIMARY KEY)',
        'CREATE TABLE "Old" ("Id" serial PRIMARY KEY); ALTER TABLE "Old" RENAME TO "T"',
    ),
    (
        "serial of tables and columns with quotes and dots in their names",
        """CREATE TABLE "it""s" ("a""b" serial); CREATE TABLE "it's" ("a'b" bigserial); CREATE TABLE "a.b" ("c.d" serial)""",
        """CREATE TABLE "o""s" ("o""b" serial); CREATE TABLE "o's" ("o'b" bigserial); CREATE TABLE "o.b" ("c.d" serial);
        ALTER TABLE "o""s" RENAME TO "it""s"; ALTER TABLE "it""s" RENAME "o""b" TO "a""b";
        ALTER TABLE "o's" RENAME TO "it's"; ALTER TABLE "it's" RENAME "o'b" TO "a'b"; ALTER TABLE "o.b" RENAME TO "a.b" """,
    ),
    (
        "identity of a renamed table with a quote in its name",
        """CREATE TABLE "it""s" (a int GENERATED ALWAYS AS IDENTITY)""",
        """CREATE TABLE o (a int GENERATED ALWAYS AS IDENTITY); ALTER TABLE o RENAME TO "it""s" """,
    ),
    (
        "default after a change of type",
        "CREATE TABLE t (a text DEFAULT 'x', b bigint DEFAULT 0)",
        "CREATE TABLE t (a varchar DEFAULT 'x', b int DEFAULT 0); ALTER TABLE t ALTER a TYPE text, ALTER b TYPE bigint",
    ),
    (
        "spelling of now",
        "CREATE TABLE t (a timestamptz DEFAULT CURRENT_TIMESTAMP)",
        "CREATE TABLE t (a timestamptz DEFAULT now())",
    ),
    (
        "numeric default",
        "CREATE TABLE t (a numeric(10, 2) DEFAULT 0)",
        "CREATE TABLE t (a numeric(10, 2) DEFAULT '0.00')",
    ),
    (
        "between",
        "CREATE TABLE t (a int, CONSTRAINT c CHECK (a BETWEEN 1 AND 5))",
        "CREATE TABLE t (a int, CONSTRAINT c CHECK (a >= 1 AND a <= 5))",
    ),
    (
        "not equal",
        "CREATE TABLE t (a int, CONSTRAINT c CHECK (NOT (a = 1)))",
        "CREATE TABLE t (a int, CONSTRAINT c CHECK (a <> 1))",
    ),
    (
        "in of varchar",
        "CREATE TABLE t (a varchar(9), CONSTRAINT c CHECK (a IN ('x', 'y')))",
        "CREATE TABLE t (a varchar(9), CONSTRAINT c CHECK (a::text = ANY (ARRAY['x'::text, 'y'::text])))",
    ),
    (
        "unnamed check of another number",
        "CREATE TABLE t (a int, b int, CHECK (a < b), CHECK (a > 0))",
        "CREATE TABLE t (a int, b int); ALTER TABLE t ADD CONSTRAINT mine CHECK (a < b); ALTER TABLE t ADD CHECK (a > 0)",
    ),
    (
        "unnamed check spelt otherwise",
        "CREATE TABLE t (a int, CHECK (a BETWEEN 1 AND 5))",
        "CREATE TABLE t (a int, CONSTRAINT mine CHECK (a >= 1 AND a <= 5))",
    ),
    ("unnamed unique", "CREATE TABLE t (a int UNIQUE)", "CREATE TABLE t (a int, CONSTRAINT mine UNIQUE (a))"),
    (
        "key named after the old table",
        T,
        "CREATE TABLE o (id integer PRIMARY KEY, name text, n integer); ALTER TABLE o RENAME TO t",
    ),
    (
        "index predicate",
        f"{T}; CREATE INDEX i ON t (n) WHERE NOT (n = 1)",
        f"{T}; CREATE INDEX i ON t (n) WHERE n <> 1",
    ),
    (
        "generated column",
        "CREATE TABLE t (a int, b bigint GENERATED ALWAYS AS (a * 2) STORED)",
        "CREATE TABLE t (a int, b bigint GENERATED ALWAYS AS ((a * 2)::bigint) STORED)",
    ),
    (
        "column with a value for the rows that there were",
        "CREATE TABLE t (a int, b int NOT NULL DEFAULT 5)",
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE t ADD b int NOT NULL DEFAULT 5",
    ),
    (
        "unnamed foreign key",
        "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t)",
        "CREATE TABLE t (a int PRIMARY KEY, b int CONSTRAINT mine REFERENCES t)",
    ),
    (
        "two unnamed foreign keys of one column",
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY, b int REFERENCES t REFERENCES u)",
        "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY, b int REFERENCES u REFERENCES t)",
    ),
    ("default privileges", T, f"{T}; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC"),
    ("members of an extension", "CREATE EXTENSION citext", "CREATE EXTENSION citext VERSION '1.4'; ALTER EXTENSION citext UPDATE"),
    (
        "materialized view without rows",
        "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a WITH NO DATA",
        "CREATE MATERIALIZED VIEW v AS SELECT 1 AS a",
    ),
    ("empty comment", T, f"{T}; COMMENT ON TABLE t IS 'x'; COMMENT ON TABLE t IS ''"),
    (
        "order of storage parameters",
        f"{T}; ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = off); ALTER TABLE t ALTER n SET (n_distinct = 5, n_distinct_inherited = 6)",
        f"{T}; ALTER TABLE t SET (autovacuum_enabled = off, fillfactor = 70); ALTER TABLE t ALTER n SET (n_distinct_inherited = 6, n_distinct = 5)",
    ),
    (
        "order of the roles of a policy",
        f"{T}; CREATE POLICY y ON t TO pg_monitor, pg_read_all_stats USING (true)",
        f"{T}; CREATE POLICY y ON t TO pg_read_all_stats, pg_monitor USING (true)",
    ),
    (
        "order of the tags of an event trigger",
        "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON sql_drop WHEN TAG IN ('DROP CAST', 'DROP RULE') EXECUTE FUNCTION e()",
        "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON sql_drop WHEN TAG IN ('DROP RULE', 'DROP CAST') EXECUTE FUNCTION e()",
    ),
    (
        "order of options and of published tables",
        f"{T}; CREATE TABLE u (); CREATE PUBLICATION p FOR TABLE t, u; CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'b', c 'd')",
        f"{T}; CREATE TABLE u (); CREATE PUBLICATION p FOR TABLE u, t; CREATE FOREIGN DATA WRAPPER w OPTIONS (c 'd', a 'b')",
    ),
    (
        "order of the storage parameters of an index",
        f"{T}; CREATE INDEX i ON t (n) WITH (fillfactor = 70, deduplicate_items = off)",
        f"{T}; CREATE INDEX i ON t (n) WITH (deduplicate_items = off, fillfactor = 70)",
    ),
    (
        "key by an index that was there before",
        "CREATE TABLE t (a int NOT NULL, CONSTRAINT k PRIMARY KEY (a))",
        "CREATE TABLE t (a int); CREATE UNIQUE INDEX k ON t (a); ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX k",
    ),
    (
        "constraint that was validated later",
        f"{T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1)",
        f"{T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c",
    ),
    (
        "partition that was attached",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 (a int); ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
    ),
    (
        "partition with constraints that was attached",
        f"{PARTITIONED}; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        f"{PARTITIONED}; CREATE TABLE p1 (id int NOT NULL, k int NOT NULL, u int, CONSTRAINT p1_pkey PRIMARY KEY (id, k),"
        "CONSTRAINT p1_u_k_key UNIQUE (u, k), CONSTRAINT c CHECK (u > 0), CONSTRAINT p_u_fkey FOREIGN KEY (u) REFERENCES r);"
        "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
    ),
    (
        "partition with constraints as pg_dump writes it",
        f"{PARTITIONED}; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "CREATE TABLE r (id int NOT NULL); CREATE TABLE p (id int NOT NULL, k int NOT NULL, u int, CONSTRAINT c CHECK (u > 0))"
        "PARTITION BY LIST (k); CREATE TABLE p1 (id int NOT NULL, k int NOT NULL, u int, CONSTRAINT c CHECK (u > 0));"
        "ALTER TABLE ONLY p ATTACH PARTITION p1 FOR VALUES IN (1); ALTER TABLE ONLY r ADD CONSTRAINT r_pkey PRIMARY KEY (id);"
        "ALTER TABLE ONLY p ADD CONSTRAINT p_pkey PRIMARY KEY (id, k), ADD CONSTRAINT p_u_k_key UNIQUE (u, k);"
        "ALTER TABLE ONLY p1 ADD CONSTRAINT p1_pkey PRIMARY KEY (id, k), ADD CONSTRAINT p1_u_k_key UNIQUE (u, k);"
        "ALTER INDEX p_pkey ATTACH PARTITION p1_pkey; ALTER INDEX p_u_k_key ATTACH PARTITION p1_u_k_key;"
        "ALTER TABLE p ADD CONSTRAINT p_u_fkey FOREIGN KEY (u) REFERENCES r (id)",
    ),
    (
        "type that was made anew",
        f"{E} CREATE TABLE t (a e)",
        "CREATE TYPE old AS ENUM ('b'); CREATE TABLE t (a old); CREATE TYPE e AS ENUM ('a', 'b');"
        "ALTER TABLE t ALTER a TYPE e USING a::text::e; DROP TYPE old",
    ),
    (
        "label that was added and column that was renamed",
        f"{E} CREATE TABLE t (a e, CHECK (a <> 'b'))",
        "CREATE TYPE e AS ENUM ('b'); ALTER TYPE e ADD VALUE 'a' BEFORE 'b'; CREATE TABLE t (z e, CHECK (z <> 'b'));"
        "ALTER TABLE t RENAME z TO a",
    ),
    ("grants", T, f"{T}; GRANT SELECT ON t TO PUBLIC"),
    (
        "type spellings",
        "CREATE TABLE t (a int4, b timestamptz, c decimal(5, 2))",
        "CREATE TABLE t (a integer, b timestamp with time zone, c numeric(5, 2))",
    ),
)

JUDGED = (
    (
        "enum order",
        f"{E} CREATE TABLE t (a e)",
        "CREATE TYPE e AS ENUM ('b', 'a'); CREATE TABLE t (a e)",
        "warning type public.e changed",
    ),
    (
        "enum label",
        f"{E} CREATE TABLE t (a e)",
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e)",
        "error type public.e changed",
    ),
    ("length", "CREATE TABLE t (a varchar(9))", "CREATE TABLE t (a varchar)", "error column public.t.a changed"),
    ("array", "CREATE TABLE t (a text[])", "CREATE TABLE t (a text)", "error column public.t.a changed"),
    (
        "default in UTC",
        "CREATE TABLE t (a timestamp DEFAULT now())",
        "CREATE TABLE t (a timestamp DEFAULT timezone('utc', now()))",
        "error column public.t.a changed",
    ),
    (
        "check",
        f"{T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1)",
        f"{T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 2)",
        "error constraint public.t.c changed",
    ),
    ("check missing", f"{T}; ALTER TABLE t ADD CHECK (n > 1)", T, "error constraint public.t.t_n_check removed"),
    ("key missing", T, f"{T}; ALTER TABLE t DROP CONSTRAINT t_pkey", "error constraint public.t.t_pkey removed"),
    (
        "named otherwise",
        f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n)",
        f"{T}; ALTER TABLE t ADD UNIQUE (n)",
        "warning constraint public.t.t_n_key renamed",
    ),
    (
        "index named otherwise",
        f"{T}; CREATE INDEX i ON t (n)",
        f"{T}; CREATE INDEX j ON t (n)",
        "warning index public.t.j renamed",
    ),
    (
        "unique index",
        f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n)",
        f"{T}; CREATE UNIQUE INDEX i ON t (n)",
        "warning constraint public.t.uq changed",
    ),
    (
        "unique index of the same name",
        f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n)",
        f"{T}; CREATE UNIQUE INDEX uq ON t (n)",
        "warning constraint public.t.uq changed",
    ),
    (
        "unique constraint for an index",
        f"{T}; CREATE UNIQUE INDEX uq ON t (n)",
        f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n)",
        "warning constraint public.t.uq changed",
    ),
    (
        "partial unique index of the same name",
        f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n)",
        f"{T}; CREATE UNIQUE INDEX uq ON t (n) WHERE n > 0",
        "error constraint public.t.uq changed",
    ),
    (
        "unique constraint for a partial index of the same name",
        f"{T}; CREATE UNIQUE INDEX uq ON t (n) WHERE n > 0",
        f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n)",
        "error constraint public.t.uq changed",
    ),
    (
        "index that is not unique and has the name of a key",
        "CREATE TABLE t (n int, m int, CONSTRAINT k PRIMARY KEY (n))",
        "CREATE TABLE t (n int NOT NULL, m int); CREATE INDEX k ON t (m)",
        "error constraint public.t.k changed",
    ),
    (
        "not valid",
        f"{T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1)",
        f"{T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1) NOT VALID",
        "error constraint public.t.c changed",
    ),
    (
        "serial against identity",
        "CREATE TABLE t (a serial)",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)",
        "error column public.t.a changed",
    ),
    (
        "bigint sequence",
        "CREATE TABLE t (a serial)",
        "CREATE TABLE t (a serial); ALTER SEQUENCE t_a_seq AS bigint",
        "warning sequence public.t_a_seq changed",
    ),
    ("tuning", T, f"{T}; ALTER TABLE t SET (fillfactor = 50)", "info table public.t changed"),
    ("comment", T, f"{T}; COMMENT ON COLUMN t.n IS 'x'", "warning comment public.t.n added"),
    (
        "comments that no model can say",
        f"{E} {T}; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT 1 AS a; CREATE SCHEMA app",
        f"{E} {T}; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW v AS SELECT 1 AS a; CREATE SCHEMA app;"
        "COMMENT ON FUNCTION f() IS 'x'; COMMENT ON TYPE e IS 'x'; COMMENT ON SCHEMA app IS 'x'; COMMENT ON SCHEMA public IS 'x';"
        "COMMENT ON INDEX t_pkey IS 'x'; COMMENT ON VIEW v IS 'x'; COMMENT ON COLUMN v.a IS 'x';"
        "COMMENT ON CONSTRAINT t_pkey ON t IS 'x'; COMMENT ON TABLE t IS 'x'",
        "info comment app (schema) added; info comment public (schema) added; info comment public.e (type) added; "
        "info comment public.f() (function) added; warning comment public.t added; "
        "warning comment public.t.t_pkey (table constraint) added; info comment public.t_pkey (index) added; "
        "info comment public.v added; info comment public.v.a added",
    ),
    (
        "comment that is missed",
        f"{T}; COMMENT ON INDEX t_pkey IS 'x'",
        T,
        "warning comment public.t_pkey (index) removed",
    ),
    ("extra view", T, f"{T}; CREATE VIEW v AS SELECT 1", "info view public.v added"),
    ("missing view", f"{T}; CREATE VIEW v AS SELECT 1 AS a", T, "error view public.v removed"),
    ("changed view", "CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW v AS SELECT 2 AS a", "error view public.v changed"),
    (
        "changed function",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "error function public.f() changed",
    ),
    (
        "extra function",
        "",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "info function public.f() added",
    ),
    (
        "row security only in migrations",
        T,
        f"{T}; ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "info table public.t changed",
    ),
    ("row security lost", f"{T}; ALTER TABLE t ENABLE ROW LEVEL SECURITY", T, "error table public.t changed"),
    ("unlogged", T, f"{T}; ALTER TABLE t SET UNLOGGED", "error table public.t changed"),
    (
        "foreign keys switched off",
        f"{T}; CREATE TABLE u (a int REFERENCES t)",
        f"{T}; CREATE TABLE u (a int REFERENCES t); ALTER TABLE u DISABLE TRIGGER ALL",
        "error constraint public.u.u_a_fkey changed",
    ),
    ("extra table", T, f"{T}; CREATE TABLE u (id serial PRIMARY KEY)", "error table public.u added"),
    (
        "extra partition",
        "CREATE TABLE p (a int) PARTITION BY LIST (a)",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)",
        "info table public.p1 added",
    ),
    (
        "mapped view",
        "CREATE TABLE v (a int PRIMARY KEY)",
        "CREATE VIEW v AS SELECT 1 AS a",
        "warning view public.v changed",
    ),
    (
        "mapped view with a serial key, an enum, comments and foreign keys from it and to it",
        f"{E} {T}; CREATE TABLE v (id serial PRIMARY KEY, n int REFERENCES t UNIQUE, e e, f e[]); CREATE INDEX i ON v (n);"
        "CREATE TABLE u (n int REFERENCES v) PARTITION BY LIST (n); CREATE TABLE u1 PARTITION OF u DEFAULT; COMMENT ON TABLE v IS 'x'; COMMENT ON COLUMN v.n IS 'x';"
        "COMMENT ON SEQUENCE v_id_seq IS 'x'; COMMENT ON CONSTRAINT v_n_key ON v IS 'x'; COMMENT ON TYPE e IS 'x'",
        f"{T}; CREATE TABLE u (n int) PARTITION BY LIST (n); CREATE TABLE u1 PARTITION OF u DEFAULT;"
        "CREATE VIEW v AS SELECT id, n FROM t; COMMENT ON VIEW v IS 'y'; COMMENT ON COLUMN v.n IS 'y'",
        "warning view public.v changed",
    ),
    (
        "enum of a mapped view and of a table",
        f"{E} CREATE TABLE v (e e); CREATE TABLE t (e e)",
        "CREATE TABLE t (e text); CREATE VIEW v AS SELECT * FROM t",
        "error type public.e removed; error column public.t.e changed; warning view public.v changed",
    ),
    (
        "mapped materialized view with an index",
        "CREATE TABLE v (id serial PRIMARY KEY, n int); CREATE INDEX i ON v (n)",
        "CREATE MATERIALIZED VIEW v AS SELECT 1 AS id, 2 AS n; CREATE UNIQUE INDEX j ON v (id)",
        "warning materialized view public.v changed",
    ),
    (
        "renamed column",
        "CREATE TABLE t (a int)",
        "CREATE TABLE t (b int)",
        "error column public.t.a removed; error column public.t.b added",
    ),
)


def judged(new_scratch: Callable[[], Scratch], models: str, migrated: str) -> str:
    one, other = new_scratch(), new_scratch()
    one.run(models)
    other.run(migrated)
    found = drift(one.read(), other.read(), folded=lambda pairs: fold(one.reading, pairs))
    return "; ".join(f"{d.severity.value} {d.kind} {d.object} {d.change.value}" for d in found)


@pytest.mark.parametrize(("models", "migrated"), [p[1:] for p in EQUAL], ids=[p[0] for p in EQUAL])
def test_the_same_schema_written_differently_is_no_drift(
    new_scratch: Callable[[], Scratch], models: str, migrated: str
) -> None:
    assert judged(new_scratch, models, migrated) == ""


def test_a_partition_that_is_detached_again_is_as_it_was(new_scratch: Callable[[], Scratch]) -> None:
    whole = new_scratch()
    whole.run(f"{PARTITIONED}; CREATE TABLE p1 (id int, k int, u int REFERENCES r, PRIMARY KEY (id, k), UNIQUE (u, k))")
    whole.run("ALTER TABLE p1 ADD CONSTRAINT c CHECK (u > 0)")
    before = whole.read()
    whole.run("ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)")
    whole.run("ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)")
    whole.run("ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p1 RENAME CONSTRAINT p_u_fkey TO p1_u_fkey")
    assert diff(before, whole.read()) == ()


@pytest.mark.parametrize(("models", "migrated", "expected"), [p[1:] for p in JUDGED], ids=[p[0] for p in JUDGED])
def test_drift_has_the_severity_of_the_policy(
    new_scratch: Callable[[], Scratch], models: str, migrated: str, expected: str
) -> None:
    assert judged(new_scratch, models, migrated) == expected


def test_ignored_differences_are_left_out(new_scratch: Callable[[], Scratch]) -> None:
    one, other = new_scratch(), new_scratch()
    other.run(T)
    assert not drift(one.read(), other.read(), ignore=lambda d: d.object == "public.t")
