"""One change for each kind and attribute of the catalog: what drift says, and how much it matters.

The base is what migrations made, base and change together are what the models declare. Each stands in a schema of its
own, whose name is ``{s}``, so that all of them fit in one database. docs/catalog.md is generated from these.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChange:
    """``severity`` is for what the models have, ``extra`` for what only the migrations have.

    ``since`` is the first version of PostgreSQL that knows it; ``fixed`` and ``fixed_extra`` are false where nothing
    can be offered, for what is missing and for what only the migrations have.
    """

    name: str
    base: str
    change: str
    words: str
    severity: str = "error"
    extra: str = "error"
    since: int = 14
    fixed: bool = True
    fixed_extra: bool = True

    @property
    def slug(self) -> str:
        return "c_" + "".join(c if c.isalnum() else "_" for c in self.name.lower()) + "_z"

    def sql(self, *, changed: bool) -> str:
        script = f"CREATE SCHEMA {self.slug}; SET search_path = {self.slug}, public; {self.base}"
        script = f"{script}; {self.change}" if changed else script
        return script.replace("{s}", self.slug)


T = "CREATE TABLE t (id integer PRIMARY KEY, n integer, x text)"
P = "CREATE TABLE p (a integer NOT NULL, b text) PARTITION BY LIST (a)"
F = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
R = f"{T}; CREATE TRIGGER r BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()"
FK = "CREATE TABLE t (id integer PRIMARY KEY, o integer UNIQUE); CREATE TABLE u (a integer, b integer"
UC = f"{T}; ALTER TABLE t ADD CONSTRAINT uq UNIQUE"
DROP = "ALTER TABLE t DROP CONSTRAINT"
ET = "CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"
W = "CREATE FOREIGN DATA WRAPPER {s}_w; CREATE SERVER {s}_srv FOREIGN DATA WRAPPER {s}_w"

# No index is detached or made invalid, and no extension goes back.
_ONE_WAY = ("index: attached to a partitioned one", "index: invalid", "extension: version")

# name | severity[/severity of what only migrations have] | base | change | words
_LINES = f"""
schema: added | error/info | | CREATE SCHEMA {{s}}_more | schema app_more: only in the models
table: added | error | | CREATE TABLE t (id serial PRIMARY KEY, "Odd Name" varchar(20) NOT NULL DEFAULT 'a:b', m numeric(10, 2), j jsonb, u uuid, ts timestamptz DEFAULT now(), a text[], i bigint GENERATED ALWAYS AS IDENTITY (START 5), g integer GENERATED ALWAYS AS (1 + 1) STORED, CONSTRAINT c CHECK (m > 0), UNIQUE (u), CHECK ("Odd Name" LIKE '%:a')); CREATE INDEX ON t (m) WHERE m > 1; COMMENT ON TABLE t IS 'it''s'; COMMENT ON COLUMN t.m IS 'm'; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t ALTER j SET STORAGE external | table app.t: only in the models
table: of rarer types | error | CREATE DOMAIN d AS text | CREATE TABLE t (id bigserial, a d, b point, n smallserial, UNLIKE text, c varchar COLLATE "C", PRIMARY KEY (id, n)) WITH (fillfactor = 70) | table app.t: only in the models
table: unlogged | error | {T} | ALTER TABLE t SET UNLOGGED | table app.t: LOGGED → UNLOGGED
table: storage parameters | info | {T}; ALTER TABLE t SET (fillfactor = 50, autovacuum_enabled = off) | ALTER TABLE t SET (fillfactor = 60); ALTER TABLE t RESET (autovacuum_enabled) | table app.t: options autovacuum_enabled=off, fillfactor=50 → fillfactor=60
table: storage parameters of TOAST | info | {T} | ALTER TABLE t SET (toast.autovacuum_enabled = off) | table app.t: toast options none → autovacuum_enabled=off
table: replica identity | info | {T} | ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey | table app.t: replica identity DEFAULT → INDEX app.t_pkey
table: row level security | error/info | {T} | ALTER TABLE t ENABLE ROW LEVEL SECURITY | table app.t: row security off → on
table: row level security forced | error/info | {T} | ALTER TABLE t FORCE ROW LEVEL SECURITY | table app.t: forced row security off → on
table: inheritance | error | {T}; CREATE TABLE k (id integer NOT NULL, n integer, x text) | ALTER TABLE k INHERIT t | table app.k: parents none → app.t
table: of a type | error | CREATE TYPE ct AS (a integer, b text); CREATE TABLE t (a integer, b text) | ALTER TABLE t OF ct | table app.t: of type none → app.ct
table: access method | info | CREATE ACCESS METHOD {{s}}_am TYPE TABLE HANDLER heap_tableam_handler; {T} | ALTER TABLE t SET ACCESS METHOD {{s}}_am | table app.t: access method heap → app_am | 15
table: partitioned | error | CREATE TABLE p (a integer, b text) | DROP TABLE p; CREATE TABLE p (a integer, b text) PARTITION BY LIST (a) | table app.p: table → partitioned table
partitioned table: added | error | | {P}; CREATE INDEX ON p (b) | partitioned table app.p: only in the models
partitioned table: partition key | error | {P} | DROP TABLE p; CREATE TABLE p (a integer NOT NULL, b text) PARTITION BY RANGE (a) | partitioned table app.p: partition key LIST (a) → RANGE (a)
partition: added | error/info | {P} | CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) | table app.p1: only in the models
partition: bounds | error | {P}; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) | ALTER TABLE p DETACH PARTITION p1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (2) | table app.p1: partition bound FOR VALUES IN (1) → FOR VALUES IN (2)
column: added | error | {T} | ALTER TABLE t ADD c varchar(9) DEFAULT 'x' NOT NULL | column app.t.c: only in the models
column: added, NOT NULL | error | {T} | ALTER TABLE t ADD c boolean NOT NULL | column app.t.c: only in the models
column: added, serial | error | {T} | ALTER TABLE t ADD c serial | column app.t.c: only in the models
column: added, identity | error | {T} | ALTER TABLE t ADD c bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT 10 CACHE 5) | column app.t.c: only in the models
column: added, generated | error | {T} | ALTER TABLE t ADD c integer GENERATED ALWAYS AS (n * 2) STORED | column app.t.c: only in the models
column: type | error | CREATE TABLE t (a varchar(255)) | ALTER TABLE t ALTER a TYPE varchar(320) | column app.t.a: type varchar(255) → varchar(320)
column: type, to another family | error | CREATE TABLE t (a text DEFAULT '1') | ALTER TABLE t ALTER a DROP DEFAULT, ALTER a TYPE integer USING a::integer; ALTER TABLE t ALTER a SET DEFAULT 1 | column app.t.a: type text → integer, default '1'::text → 1
column: length given or not | error | CREATE TABLE t (a varchar(255)) | ALTER TABLE t ALTER a TYPE varchar | column app.t.a: type varchar(255) → varchar
column: precision given or not | error | CREATE TABLE t (a numeric(12, 2)) | ALTER TABLE t ALTER a TYPE numeric | column app.t.a: type numeric(12,2) → numeric
column: fractional seconds | error | CREATE TABLE t (a timestamptz) | ALTER TABLE t ALTER a TYPE timestamptz(0) | column app.t.a: type timestamptz → timestamptz(0)
column: time zone | error | CREATE TABLE t (a timestamp) | ALTER TABLE t ALTER a TYPE timestamptz | column app.t.a: type timestamp → timestamptz
column: array or scalar | error | CREATE TABLE t (a text) | ALTER TABLE t ALTER a TYPE text[] USING ARRAY[a] | column app.t.a: type text → text[]
column: collation | error | {T} | ALTER TABLE t ALTER x TYPE text COLLATE "C" | column app.t.x: collation none → "C"
column: nullability | error | {T} | ALTER TABLE t ALTER n SET NOT NULL | column app.t.n: nullable → NOT NULL
column: default, a constant | error | CREATE TABLE t (a integer DEFAULT 1) | ALTER TABLE t ALTER a SET DEFAULT 2 | column app.t.a: default 1 → 2
column: default, added | error | {T} | ALTER TABLE t ALTER x SET DEFAULT 'a' | column app.t.x: default none → 'a'::text
column: default, an expression | error | CREATE TABLE t (a timestamp DEFAULT now()) | ALTER TABLE t ALTER a SET DEFAULT timezone('utc', now()) | column app.t.a: default now() → timezone('utc'::text, now())
column: default of a json column | error | CREATE TABLE t (a json DEFAULT '{{{{}}}}') | ALTER TABLE t ALTER a SET DEFAULT '[]' | column app.t.a: default '{{{{}}}}'::json → '[]'::json
column: default of a serial | error | CREATE TABLE t (a serial); ALTER TABLE t ALTER a DROP DEFAULT | ALTER TABLE t ALTER a SET DEFAULT nextval('t_a_seq') | column app.t.a: default none → nextval('app.t_a_seq'::regclass)
column: serial | error | CREATE TABLE t (a integer NOT NULL) | CREATE SEQUENCE t_a_seq AS integer OWNED BY t.a; ALTER TABLE t ALTER a SET DEFAULT nextval('t_a_seq') | column app.t.a: default none → nextval('app.t_a_seq'::regclass)
column: serial, of names with quotes | error | CREATE TABLE "it""s" ("a'b" integer NOT NULL) | CREATE SEQUENCE "it""s_a'b_seq" AS integer OWNED BY "it""s"."a'b"; ALTER TABLE "it""s" ALTER "a'b" SET DEFAULT nextval('"it""s_a''b_seq"') | column app.it"s.a'b: default none → nextval('app.it"s_a''b_seq'::regclass)
column: identity | error | CREATE TABLE t (a integer NOT NULL) | ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY | column app.t.a: identity none → ALWAYS
column: identity of a serial | error | CREATE TABLE t (a serial) | ALTER TABLE t ALTER a DROP DEFAULT; DROP SEQUENCE t_a_seq; ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY | column app.t.a: default nextval('app.t_a_seq'::regclass) → none, identity none → ALWAYS
column: identity ALWAYS or BY DEFAULT | error | CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY) | ALTER TABLE t ALTER a SET GENERATED BY DEFAULT | column app.t.a: identity ALWAYS → BY DEFAULT
identity: start and increment | error | CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY) | ALTER TABLE t ALTER a SET START 100 SET INCREMENT 5 | sequence app.t_a_seq: start 1 → 100, increment 1 → 5
identity: cache | error | CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY) | ALTER TABLE t ALTER a SET CACHE 9 | sequence app.t_a_seq: cache 1 → 9
identity: limits | warning | CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY) | ALTER TABLE t ALTER a SET MAXVALUE 99 | sequence app.t_a_seq: max 2147483647 → 99
generated column: expression | error | CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED) | ALTER TABLE t DROP b, ADD b integer GENERATED ALWAYS AS (a * 3) STORED | column app.t.b: generated (a * 2) STORED → (a * 3) STORED
generated column: no more | error | CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED) | ALTER TABLE t ALTER b DROP EXPRESSION | column app.t.b: generated (a * 2) STORED → none
generated column: virtual | error | CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED) | ALTER TABLE t DROP b, ADD b integer GENERATED ALWAYS AS (a * 2) VIRTUAL | column app.t.b: generated (a * 2) STORED → (a * 2) VIRTUAL | 18
column: storage | info | {T} | ALTER TABLE t ALTER x SET STORAGE external | column app.t.x: storage as its type → EXTERNAL
column: compression | info | {T} | ALTER TABLE t ALTER x SET COMPRESSION pglz | column app.t.x: compression default → pglz
column: statistics target | info | {T} | ALTER TABLE t ALTER x SET STATISTICS 500 | column app.t.x: statistics target default → 500
column: attribute options | info | {T} | ALTER TABLE t ALTER x SET (n_distinct = 5) | column app.t.x: options none → n_distinct=5
column: name of NOT NULL | info | CREATE TABLE t (a integer NOT NULL) | ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO mine | column app.t.a: not null constraint none → mine | 18
comment: on a table | warning | {T} | COMMENT ON TABLE t IS 'a "b"' | comment app.t: only in the models
comment: on a column | warning | {T}; COMMENT ON COLUMN t.n IS 'a' | COMMENT ON COLUMN t.n IS 'b: c' | comment app.t.n: text a → b: c
comment: on an index | warning/info | {T} | COMMENT ON INDEX t_pkey IS 'a' | comment app.t_pkey (index): only in the models
comment: on a constraint | warning | {T} | COMMENT ON CONSTRAINT t_pkey ON t IS 'a' | comment app.t.t_pkey (table constraint): only in the models
comment: on a type, sequence or schema | warning/info | CREATE TYPE e AS ENUM ('a') | COMMENT ON TYPE e IS 'a' | comment app.e (type): only in the models
comment: on a function | warning/info | {F} | COMMENT ON FUNCTION f() IS 'a' | comment app.f() (function): only in the models
comment: on a view | warning/info | CREATE VIEW v AS SELECT 1 AS a | COMMENT ON VIEW v IS 'a' | comment app.v: only in the models
primary key: added | error | CREATE TABLE t (a integer NOT NULL) | ALTER TABLE t ADD PRIMARY KEY (a) | constraint app.t.t_pkey: only in the models
primary key: columns | error | CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, PRIMARY KEY (a)) | {DROP} t_pkey, ADD PRIMARY KEY (a, b) | constraint app.t.t_pkey: PRIMARY KEY (a) → PRIMARY KEY (a, b)
primary key: order of columns | error | CREATE TABLE t (a integer, b integer, PRIMARY KEY (a, b)) | {DROP} t_pkey, ADD PRIMARY KEY (b, a) | constraint app.t.t_pkey: PRIMARY KEY (a, b) → PRIMARY KEY (b, a)
primary key: INCLUDE | error | {T} | {DROP} t_pkey, ADD PRIMARY KEY (id) INCLUDE (n) | constraint app.t.t_pkey: none → INCLUDE (n)
primary key: that others reference | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id)) | {DROP} t_pkey CASCADE; ALTER TABLE t ADD PRIMARY KEY (id) DEFERRABLE; ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id) INCLUDE (o); ALTER TABLE u ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) | constraint app.t.t_pkey: none → INCLUDE (o)
primary key: or a unique constraint | error | {T}; {DROP} t_pkey; ALTER TABLE t ADD CONSTRAINT t_pkey UNIQUE (id) | {DROP} t_pkey, ADD PRIMARY KEY (id) | constraint app.t.t_pkey: UNIQUE (id) → PRIMARY KEY (id)
unique constraint: added | error | {T} | ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n) | constraint app.t.uq: only in the models
unique constraint: columns | error | {UC} (n) | {DROP} uq, ADD CONSTRAINT uq UNIQUE (n, x) | constraint app.t.uq: UNIQUE (n) → UNIQUE (n, x)
unique constraint: order of columns | error | {UC} (n, x) | {DROP} uq, ADD CONSTRAINT uq UNIQUE (x, n) | constraint app.t.uq: UNIQUE (n, x) → UNIQUE (x, n)
unique constraint: NULLS NOT DISTINCT | error | {UC} (n) | {DROP} uq, ADD CONSTRAINT uq UNIQUE NULLS NOT DISTINCT (n) | constraint app.t.uq: UNIQUE (n) → UNIQUE NULLS NOT DISTINCT (n) | 15
unique constraint: DEFERRABLE | error | {UC} (n) | {DROP} uq, ADD CONSTRAINT uq UNIQUE (n) DEFERRABLE INITIALLY DEFERRED | constraint app.t.uq: none → DEFERRABLE INITIALLY DEFERRED
unique constraint: INCLUDE | error | {UC} (n) | {DROP} uq, ADD CONSTRAINT uq UNIQUE (n) INCLUDE (x) | constraint app.t.uq: none → INCLUDE (x)
unique constraint: WITHOUT OVERLAPS | error | CREATE TABLE t (n int4range, r tsrange, CONSTRAINT uq UNIQUE (n, r)) | {DROP} uq, ADD CONSTRAINT uq UNIQUE (n, r WITHOUT OVERLAPS) | constraint app.t.uq: UNIQUE (n, r) → UNIQUE (n, r WITHOUT OVERLAPS) | 18
unique constraint: as an index | warning | {T}; CREATE UNIQUE INDEX i ON t (n) | DROP INDEX i; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n) | constraint app.t.uq: unique index → UNIQUE constraint
unique constraint: as a partial index of its name | error | {T}; CREATE UNIQUE INDEX uq ON t (n) WHERE n > 0 | DROP INDEX uq; ALTER TABLE t ADD CONSTRAINT uq UNIQUE (n) | constraint app.t.uq: unique index → UNIQUE constraint, WHERE (n > 0) → none
unique constraint: as an index, NULLS NOT DISTINCT | warning | {T}; CREATE UNIQUE INDEX i ON t (n) NULLS NOT DISTINCT | DROP INDEX i; ALTER TABLE t ADD CONSTRAINT uq UNIQUE NULLS NOT DISTINCT (n) | constraint app.t.uq: unique index → UNIQUE constraint | 15
primary key: as an index of its name | error | CREATE TABLE t (a integer NOT NULL, b integer); CREATE INDEX k ON t (b) | DROP INDEX k; ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a) | constraint app.t.k: index → PRIMARY KEY, INDEX (b) → PRIMARY KEY (a)
unique constraint: name | warning | {UC} (n) | ALTER TABLE t RENAME CONSTRAINT uq TO other | constraint app.t.uq: name uq → other
check: added | error | {T} | ALTER TABLE t ADD CONSTRAINT c CHECK (x <> ':a%') | constraint app.t.c: only in the models
check: expression | error | {T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1) | {DROP} c, ADD CONSTRAINT c CHECK (n > 2) | constraint app.t.c: CHECK ((n > 1)) → CHECK ((n > 2))
check: NOT VALID | error | {T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1) NOT VALID | ALTER TABLE t VALIDATE CONSTRAINT c | constraint app.t.c: NOT VALID → none
check: NO INHERIT | error | {T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1) | {DROP} c, ADD CONSTRAINT c CHECK (n > 1) NO INHERIT | constraint app.t.c: none → NO INHERIT
check: NOT ENFORCED | error | {T}; ALTER TABLE t ADD CONSTRAINT c CHECK (n > 1) | {DROP} c, ADD CONSTRAINT c CHECK (n > 1) NOT ENFORCED | constraint app.t.c: none → NOT ENFORCED | 18
foreign key: added | error | {FK}) | ALTER TABLE u ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) ON DELETE CASCADE | constraint app.u.fk: only in the models
foreign key: target | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id)) | ALTER TABLE u DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (o) | constraint app.u.fk: FOREIGN KEY (a) REFERENCES app.t(id) → FOREIGN KEY (a) REFERENCES app.t(o)
foreign key: ON DELETE | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id)) | ALTER TABLE u DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) ON DELETE CASCADE | constraint app.u.fk: none → ON DELETE CASCADE
foreign key: ON UPDATE | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) ON UPDATE CASCADE) | ALTER TABLE u DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) ON UPDATE SET NULL | constraint app.u.fk: ON UPDATE CASCADE → ON UPDATE SET NULL
foreign key: ON DELETE SET NULL of some columns | error | CREATE TABLE t (a integer, b integer, PRIMARY KEY (a, b)); CREATE TABLE u (a integer, b integer, CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES t ON DELETE SET NULL) | ALTER TABLE u DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES t ON DELETE SET NULL (b) | constraint app.u.fk: ON DELETE SET NULL → ON DELETE SET NULL (b) | 15
foreign key: DEFERRABLE | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id)) | ALTER TABLE u DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) DEFERRABLE | constraint app.u.fk: none → DEFERRABLE
foreign key: MATCH | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id)) | ALTER TABLE u DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) MATCH FULL | constraint app.u.fk: none → MATCH FULL
foreign key: NOT VALID | error | {FK}); ALTER TABLE u ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id) NOT VALID | ALTER TABLE u VALIDATE CONSTRAINT fk | constraint app.u.fk: NOT VALID → none
foreign key: switched off | error | {FK}, CONSTRAINT fk FOREIGN KEY (a) REFERENCES t (id)); ALTER TABLE u DISABLE TRIGGER ALL | ALTER TABLE u ENABLE TRIGGER ALL | constraint app.u.fk: switched off (DISABLE TRIGGER ALL) → checked
exclusion constraint: added | error | CREATE TABLE t (r int4range) | ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (r WITH &&) | constraint app.t.x: only in the models
exclusion constraint: operator | error | CREATE TABLE t (r int4range, CONSTRAINT x EXCLUDE USING gist (r WITH &&)) | {DROP} x, ADD CONSTRAINT x EXCLUDE USING gist (r WITH =) | constraint app.t.x: EXCLUDE USING gist (r WITH &&) → EXCLUDE USING gist (r WITH =)
index: added | error | {T} | CREATE INDEX i ON t USING btree (n DESC, lower(x)) INCLUDE (id) WHERE x <> ':a%' | index app.t.i: only in the models
index: name | warning | {T}; CREATE INDEX i ON t (n) | ALTER INDEX i RENAME TO j | index app.t.i: name i → j
index: unique | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE UNIQUE INDEX i ON t (n) | index app.t.i: not unique → UNIQUE
index: columns | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE INDEX i ON t (n, x) | index app.t.i: columns n → n, x
index: direction | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE INDEX i ON t (n DESC) | index app.t.i: columns n → n DESC
index: NULLS FIRST | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE INDEX i ON t (n NULLS FIRST) | index app.t.i: columns n → n NULLS FIRST
index: NULLS NOT DISTINCT | error | {T}; CREATE UNIQUE INDEX i ON t (n) | DROP INDEX i; CREATE UNIQUE INDEX i ON t (n) NULLS NOT DISTINCT | index app.t.i: none → NULLS NOT DISTINCT | 15
index: expression | error | {T}; CREATE INDEX i ON t (lower(x)) | DROP INDEX i; CREATE INDEX i ON t (upper(x)) | index app.t.i: columns lower(x) → upper(x)
index: cast in an expression | error | {T}; CREATE INDEX i ON t ((n::bigint)) | DROP INDEX i; CREATE INDEX i ON t ((n::numeric)) | index app.t.i: columns ((n)::bigint) → ((n)::numeric)
index: method | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE INDEX i ON t USING hash (n) | index app.t.i: method btree → hash
index: predicate | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE INDEX i ON t (n) WHERE n > 1 | index app.t.i: WHERE none → (n > 1)
index: INCLUDE | error | {T}; CREATE INDEX i ON t (n) | DROP INDEX i; CREATE INDEX i ON t (n) INCLUDE (x) | index app.t.i: none → INCLUDE (x)
index: operator class | error | {T}; CREATE INDEX i ON t (x) | DROP INDEX i; CREATE INDEX i ON t (x text_pattern_ops) | index app.t.i: columns x → x text_pattern_ops
index: collation | error | {T}; CREATE INDEX i ON t (x) | DROP INDEX i; CREATE INDEX i ON t (x COLLATE "C") | index app.t.i: columns x → x COLLATE "C"
index: storage parameters | error | {T}; CREATE INDEX i ON t (n) | ALTER INDEX i SET (fillfactor = 50) | index app.t.i: none → WITH (fillfactor='50')
index: storage parameters of a constraint's | error | {T} | ALTER INDEX t_pkey SET (fillfactor = 50) | index app.t.t_pkey: none → WITH (fillfactor='50')
index: clustered | info | {T} | ALTER TABLE t CLUSTER ON t_pkey | index app.t.t_pkey: clustered off → on
index: statistics target | info | {T}; CREATE INDEX i ON t ((n + 1)) | ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 500 | index app.t.i: statistics target default → 1=500
index: attached to a partitioned one | error | {P}; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX i ON ONLY p (b); CREATE INDEX i1 ON p1 (b) | ALTER INDEX i ATTACH PARTITION i1 | index app.p1.i1: attached to none → app.i
index: invalid | error | {T}; CREATE INDEX i ON t (n); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass | REINDEX INDEX i | index app.t.i: INVALID (a failed CREATE INDEX CONCURRENTLY) → valid
sequence: added | error | | CREATE SEQUENCE s AS integer INCREMENT 5 MINVALUE 3 CACHE 7 CYCLE | sequence app.s: only in the models
sequence: increment | error | CREATE SEQUENCE s | ALTER SEQUENCE s INCREMENT 2 | sequence app.s: increment 1 → 2
sequence: start | error | CREATE SEQUENCE s | ALTER SEQUENCE s START 7 | sequence app.s: start 1 → 7
sequence: type | error | CREATE SEQUENCE s | ALTER SEQUENCE s AS integer | sequence app.s: type bigint → integer, max 9223372036854775807 → 2147483647
sequence: limits and cycle | error | CREATE SEQUENCE s | ALTER SEQUENCE s MINVALUE 0 MAXVALUE 9 CYCLE | sequence app.s: min 1 → 0, max 9223372036854775807 → 9, NO CYCLE → CYCLE
sequence: cache | error | CREATE SEQUENCE s | ALTER SEQUENCE s CACHE 7 | sequence app.s: cache 1 → 7
sequence: owner column | error | {T}; CREATE SEQUENCE t_n_seq | ALTER SEQUENCE t_n_seq OWNED BY t.n | sequence app.t_n_seq: owned by none → app.t.n
sequence: unlogged | error | CREATE SEQUENCE s | ALTER SEQUENCE s SET UNLOGGED | sequence app.s: LOGGED → UNLOGGED | 15
enum: added | error/warning | | CREATE TYPE e AS ENUM ('a', 'b') | type app.e: only in the models
enum: label added | error | CREATE TYPE e AS ENUM ('a', 'c'); CREATE TABLE t (x e DEFAULT 'a') | ALTER TYPE e ADD VALUE 'b' BEFORE 'c' | type app.e: the migrated type lacks label b
enum: label renamed | error | CREATE TYPE e AS ENUM ('a', 'b') | ALTER TYPE e RENAME VALUE 'b' TO 'it''s' | type app.e: the migrated type lacks label it's and has label b besides
enum: order of labels | warning | CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (x e DEFAULT 'a') | DROP TABLE t; DROP TYPE e; CREATE TYPE e AS ENUM ('b', 'a'); CREATE TABLE t (x e DEFAULT 'a') | type app.e: order of labels a, b → b, a
domain: added | error/warning | | CREATE DOMAIN d AS varchar(9) DEFAULT 'a' NOT NULL CONSTRAINT c CHECK (VALUE <> '') | type app.d: only in the models
domain: base type | error | CREATE DOMAIN d AS varchar(9); CREATE TABLE t (x d) | DROP TABLE t; DROP DOMAIN d; CREATE DOMAIN d AS varchar(20); CREATE TABLE t (x d) | type app.d: base type varchar(9) → varchar(20)
domain: NOT NULL | error | CREATE DOMAIN d AS text | ALTER DOMAIN d SET NOT NULL | type app.d: nullable → NOT NULL
domain: default | error | CREATE DOMAIN d AS text | ALTER DOMAIN d SET DEFAULT 'x' | type app.d: default none → 'x'::text
domain: collation | error | CREATE DOMAIN d AS text | DROP DOMAIN d; CREATE DOMAIN d AS text COLLATE "C" | type app.d: collation "default" → "C"
domain: check added | error | CREATE DOMAIN d AS text | ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE <> '') | constraint app.d.c: only in the models
domain: check | error | CREATE DOMAIN d AS text CONSTRAINT c CHECK (VALUE <> '') | ALTER DOMAIN d DROP CONSTRAINT c; ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE <> 'x') | constraint app.d.c: CHECK ((VALUE <> ''::text)) → CHECK ((VALUE <> 'x'::text))
composite type: added | error/info | | CREATE TYPE c AS (a integer, b text COLLATE "C") | composite type app.c: only in the models
composite type: attribute added | error | CREATE TYPE c AS (a integer) | ALTER TYPE c ADD ATTRIBUTE b text | column app.c.b: only in the models
composite type: attribute's type | error | CREATE TYPE c AS (a integer) | ALTER TYPE c ALTER ATTRIBUTE a TYPE bigint | column app.c.a: type integer → bigint
range type: added | error/warning | | CREATE TYPE r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi) | type app.r: only in the models
range type: subtype | error | CREATE TYPE r AS RANGE (SUBTYPE = float8); CREATE TABLE t (x r DEFAULT 'empty') | DROP TABLE t; DROP TYPE r; CREATE TYPE r AS RANGE (SUBTYPE = float4); CREATE TABLE t (x r DEFAULT 'empty') | type app.r: subtype double precision pg_catalog.float8_ops → real pg_catalog.float4_ops
view: added | error/info | {T} | CREATE VIEW v WITH (security_barrier = true) AS SELECT id, n FROM t | view app.v: only in the models
view: query | error | CREATE VIEW v AS SELECT 1 AS a | CREATE OR REPLACE VIEW v AS SELECT 2 AS a | view app.v: 1 → 2
view: columns | error | CREATE VIEW v AS SELECT 1 AS a | DROP VIEW v; CREATE VIEW v AS SELECT 'x'::text AS a, 2 AS b | view app.v: 1 AS a; → 'x'::text AS a, 2 AS b;
view: options | info | CREATE VIEW v AS SELECT 1 AS a | ALTER VIEW v SET (security_barrier = true) | view app.v: options none → security_barrier=true
view: default of a column | error | CREATE VIEW v AS SELECT 1 AS a | ALTER VIEW v ALTER a SET DEFAULT 7 | column app.v.a: default none → 7
materialized view: added | error/info | {T} | CREATE MATERIALIZED VIEW v AS SELECT id, n FROM t; CREATE UNIQUE INDEX vi ON v (id) | materialized view app.v: only in the models
materialized view: query | error | CREATE MATERIALIZED VIEW v AS SELECT 1 AS a; CREATE INDEX vi ON v (a) | DROP MATERIALIZED VIEW v; CREATE MATERIALIZED VIEW v AS SELECT 2 AS a; CREATE INDEX vi ON v (a) | materialized view app.v: 1 → 2
materialized view: access method | info | CREATE ACCESS METHOD {{s}}_am TYPE TABLE HANDLER heap_tableam_handler; CREATE MATERIALIZED VIEW v AS SELECT 1 AS a | ALTER MATERIALIZED VIEW v SET ACCESS METHOD {{s}}_am | materialized view app.v: access method heap → app_am | 15
function: added | error/info | | CREATE FUNCTION f(a integer, b text DEFAULT ':x') RETURNS text LANGUAGE sql AS 'SELECT $2 // ''%''' | function app.f(a integer, b text): only in the models
function: body | error | CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1' | CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2' | function app.f(): 1$function$ → 2$function$
function: result | error | CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1' | DROP FUNCTION f(); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1' | function app.f(): integer → bigint
function: volatility | error | CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1' | ALTER FUNCTION f() IMMUTABLE | function app.f(): none → IMMUTABLE
procedure: added | error/info | | CREATE PROCEDURE f(a integer) LANGUAGE sql AS 'SELECT 1' | procedure app.f(IN a integer): only in the models
procedure: body | error | CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1' | CREATE OR REPLACE PROCEDURE f() LANGUAGE sql AS 'SELECT 2' | procedure app.f(): 1$procedure$ → 2$procedure$
aggregate: added | error/info | | CREATE AGGREGATE f(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = safe) | aggregate app.f(integer): only in the models
aggregate: definition | error | CREATE AGGREGATE f(integer) (SFUNC = int4pl, STYPE = integer) | DROP AGGREGATE f(integer); CREATE AGGREGATE f(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '5') | aggregate app.f(integer): integer → integer, INITCOND = '5'
trigger: added | error/info | {F}; {T} | CREATE TRIGGER r BEFORE UPDATE OF n ON t FOR EACH ROW WHEN (OLD.x <> ':a') EXECUTE FUNCTION f() | trigger app.t.r: only in the models
trigger: definition | error | {F}; {R} | DROP TRIGGER r ON t; CREATE TRIGGER r AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f() | trigger app.t.r: BEFORE → AFTER
trigger: enabled | error | {F}; {R}; ALTER TABLE t DISABLE TRIGGER r | ALTER TABLE t ENABLE TRIGGER r | trigger app.t.r: disabled → enabled
rule: added | error/info | {T} | CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING | rule app.t.r: only in the models
rule: definition | error | {T}; CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING | CREATE OR REPLACE RULE r AS ON UPDATE TO t DO ALSO NOTHING | rule app.t.r: INSERT → UPDATE
rule: enabled | error | {T}; CREATE RULE r AS ON INSERT TO t DO ALSO NOTHING; ALTER TABLE t DISABLE RULE r | ALTER TABLE t ENABLE RULE r | rule app.t.r: disabled → enabled
policy: added | error/info | {T} | CREATE POLICY y ON t FOR UPDATE USING (n > 1) WITH CHECK (x <> ':a') | policy app.t.y: only in the models
policy: USING | error | {T}; CREATE POLICY y ON t USING (n > 1) | ALTER POLICY y ON t USING (n > 2) | policy app.t.y: using (n > 1) → (n > 2)
policy: WITH CHECK | error | {T}; CREATE POLICY y ON t USING (n > 1) | ALTER POLICY y ON t WITH CHECK (n > 2) | policy app.t.y: with check none → (n > 2)
policy: command | error | {T}; CREATE POLICY y ON t USING (n > 1) | DROP POLICY y ON t; CREATE POLICY y ON t FOR SELECT USING (n > 1) | policy app.t.y: for ALL → SELECT
policy: roles | error | {T}; CREATE POLICY y ON t USING (n > 1) | ALTER POLICY y ON t TO pg_monitor | policy app.t.y: roles public → pg_monitor
policy: PERMISSIVE | error | {T}; CREATE POLICY y ON t USING (n > 1) | DROP POLICY y ON t; CREATE POLICY y ON t AS RESTRICTIVE USING (n > 1) | policy app.t.y: PERMISSIVE → RESTRICTIVE
extended statistics: added | error/info | {T} | CREATE STATISTICS st (ndistinct) ON n, x FROM t | statistics app.st: only in the models
extended statistics: definition | error | {T}; CREATE STATISTICS st (ndistinct) ON n, x FROM t | DROP STATISTICS st; CREATE STATISTICS st (ndistinct) ON n, id FROM t | statistics app.st: n, x → id, n
extended statistics: target | error | {T}; CREATE STATISTICS st ON n, x FROM t | ALTER STATISTICS st SET STATISTICS 500 | statistics app.st: target none → 500
extension: added | error/info | | CREATE EXTENSION citext SCHEMA {{s}} | extension citext: only in the models
extension: schema | info | CREATE EXTENSION hstore SCHEMA {{s}} | CREATE SCHEMA {{s}}x; DROP SCHEMA {{s}}x; ALTER EXTENSION hstore SET SCHEMA public | extension hstore: schema app → public
extension: version | info | CREATE EXTENSION pg_trgm SCHEMA {{s}} VERSION '1.3' | ALTER EXTENSION pg_trgm UPDATE TO '1.5' | extension pg_trgm: version 1.3 → 1.5
publication: added | error/info | {T} | CREATE PUBLICATION {{s}}_p FOR TABLE t WITH (publish = 'insert') | publication app_p: only in the models
publication: tables | error | {T}; CREATE TABLE u (id integer); CREATE PUBLICATION {{s}}_p FOR TABLE t | ALTER PUBLICATION {{s}}_p ADD TABLE u | publication app_p: tables app.t → app.t, app.u
publication: operations | error | {T}; CREATE PUBLICATION {{s}}_p FOR TABLE t | ALTER PUBLICATION {{s}}_p SET (publish = 'insert') | publication app_p: publishes INSERT UPDATE DELETE TRUNCATE → INSERT
publication: all tables | error | {T}; CREATE PUBLICATION {{s}}_p | DROP PUBLICATION {{s}}_p; CREATE PUBLICATION {{s}}_p FOR ALL TABLES | publication app_p: all tables off → on
publication: row filter | error | {T}; CREATE PUBLICATION {{s}}_p FOR TABLE t | ALTER PUBLICATION {{s}}_p SET TABLE t WHERE (id > 1) | publication app_p: tables app.t → app.t WHERE (id > 1) | 15
publication: schemas | error | CREATE PUBLICATION {{s}}_p | ALTER PUBLICATION {{s}}_p ADD TABLES IN SCHEMA {{s}} | publication app_p: schemas none → app | 15
event trigger: added | error/info | {ET} | CREATE EVENT TRIGGER {{s}}_e ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION et() | event trigger app_e: only in the models
event trigger: enabled | error | {ET}; CREATE EVENT TRIGGER {{s}}_e ON ddl_command_end EXECUTE FUNCTION et(); ALTER EVENT TRIGGER {{s}}_e DISABLE | ALTER EVENT TRIGGER {{s}}_e ENABLE | event trigger app_e: disabled → enabled
event trigger: event | error | {ET}; CREATE EVENT TRIGGER {{s}}_e ON sql_drop WHEN TAG IN ('DROP CAST') EXECUTE FUNCTION et() | DROP EVENT TRIGGER {{s}}_e; CREATE EVENT TRIGGER {{s}}_e ON ddl_command_start WHEN TAG IN ('DROP CAST') EXECUTE FUNCTION et() | event trigger app_e: event sql_drop → ddl_command_start
event trigger: tags | error | {ET}; CREATE EVENT TRIGGER {{s}}_e ON sql_drop WHEN TAG IN ('DROP CAST') EXECUTE FUNCTION et() | DROP EVENT TRIGGER {{s}}_e; CREATE EVENT TRIGGER {{s}}_e ON sql_drop WHEN TAG IN ('DROP CAST', 'DROP RULE') EXECUTE FUNCTION et() | event trigger app_e: tags DROP CAST → DROP CAST, DROP RULE
event trigger: function | error | {ET}; CREATE FUNCTION e2() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER {{s}}_e ON sql_drop WHEN TAG IN ('DROP CAST') EXECUTE FUNCTION et() | DROP EVENT TRIGGER {{s}}_e; CREATE EVENT TRIGGER {{s}}_e ON sql_drop WHEN TAG IN ('DROP CAST') EXECUTE FUNCTION e2() | event trigger app_e: function app.et → app.e2
foreign data wrapper: added | error/info | | CREATE FOREIGN DATA WRAPPER {{s}}_w OPTIONS (a 'b') | foreign data wrapper app_w: only in the models
foreign data wrapper: options | info | CREATE FOREIGN DATA WRAPPER {{s}}_w OPTIONS (a 'b', c 'd') | ALTER FOREIGN DATA WRAPPER {{s}}_w OPTIONS (SET a 'x', DROP c, ADD e 'f') | foreign data wrapper app_w: options a=b, c=d → a=x, e=f
foreign data wrapper: validator | error | CREATE FOREIGN DATA WRAPPER {{s}}_w | ALTER FOREIGN DATA WRAPPER {{s}}_w VALIDATOR postgresql_fdw_validator | foreign data wrapper app_w: validator none → postgresql_fdw_validator
server: added | error/info | CREATE FOREIGN DATA WRAPPER {{s}}_w | CREATE SERVER {{s}}_srv TYPE 't' VERSION '1' FOREIGN DATA WRAPPER {{s}}_w OPTIONS (a 'b') | server app_srv: only in the models
server: options | info | {W} | ALTER SERVER {{s}}_srv OPTIONS (ADD a 'b') | server app_srv: options none → a=b
server: version | info | {W} | ALTER SERVER {{s}}_srv VERSION '2' | server app_srv: version none → 2
server: type | error | {W} | DROP SERVER {{s}}_srv; CREATE SERVER {{s}}_srv TYPE 't' FOREIGN DATA WRAPPER {{s}}_w | server app_srv: type none → t
server: wrapper | error | CREATE FOREIGN DATA WRAPPER {{s}}_v; {W} | DROP SERVER {{s}}_srv; CREATE SERVER {{s}}_srv FOREIGN DATA WRAPPER {{s}}_v | server app_srv: wrapper app_w → app_v
foreign table: added | error | {W} | CREATE FOREIGN TABLE ft (id integer OPTIONS (a 'b'), x text NOT NULL) SERVER {{s}}_srv OPTIONS (c 'd') | foreign table app.ft: only in the models
foreign table: options | error | {W}; CREATE FOREIGN TABLE ft (id integer) SERVER {{s}}_srv | ALTER FOREIGN TABLE ft OPTIONS (ADD a 'b') | foreign table app.ft: foreign app_srv  → app_srv a=b
foreign table: column added | error | {W}; CREATE FOREIGN TABLE ft (id integer) SERVER {{s}}_srv | ALTER FOREIGN TABLE ft ADD x text | column app.ft.x: only in the models
foreign table: column options | info | {W}; CREATE FOREIGN TABLE ft (id integer) SERVER {{s}}_srv | ALTER FOREIGN TABLE ft ALTER id OPTIONS (ADD a 'b') | column app.ft.id: fdw options none → a=b
"""

# Seen by their presence; what only the declared schema has cannot be written down from the catalog.
_PRESENCE = """
collation | CREATE COLLATION col FROM "C" | collation app.col
conversion | CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8 | conversion app.conv
cast | CREATE TYPE ca AS (a integer); CREATE CAST (ca AS text) WITH INOUT | cast (app.ca AS pg_catalog.text)
operator | CREATE OPERATOR @@@ (LEFTARG = int4, RIGHTARG = int4, FUNCTION = int4pl) | operator app.@@@(integer,integer)
operator class | CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 = | operator class app.oc USING hash
text search configuration | CREATE TEXT SEARCH CONFIGURATION tsc (COPY = pg_catalog.simple) | text search configuration app.tsc
text search dictionary | CREATE TEXT SEARCH DICTIONARY tsd (TEMPLATE = simple) | text search dictionary app.tsd
access method | CREATE ACCESS METHOD {s}_am TYPE INDEX HANDLER bthandler | access method app_am
"""


def _change(line: str) -> CatalogChange:
    name, severity, base, change, words, *since = line.split(" | ")
    own, _, extra = severity.strip().partition("/")
    return CatalogChange(
        name=name.strip(),
        severity=own,
        extra=extra or own,
        base=base.strip().replace("//", "||").replace("{{", "{").replace("}}", "}"),
        change=change.strip().replace("//", "||").replace("{{", "{").replace("}}", "}"),
        words=words.removeprefix(" ").replace("{{", "{").replace("}}", "}"),
        since=int(since[0]) if since else 14,
        fixed_extra=name.strip() not in _ONE_WAY,
    )


def _presence(line: str) -> CatalogChange:
    kind, change, what = line.split(" | ")
    base, _, last = change.rpartition("; ")
    words = f"{what.strip()}: only in the models"
    return CatalogChange(name=f"{kind}: added", base=base, change=last, words=words, extra="info", fixed=False)


CHANGES = (
    *(_change(line.replace(" | | ", " |  | ")) for line in _LINES.strip("\n").splitlines()),
    *map(_presence, _PRESENCE.strip().splitlines()),
)
