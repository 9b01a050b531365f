"""What leaky downgrades leave behind, one case for each kind: SQL and the differences it must give."""

from __future__ import annotations

from dataclasses import dataclass

BASE = """
CREATE TYPE status AS ENUM ('new', 'paid');
CREATE TABLE users (id serial PRIMARY KEY, email varchar(255) NOT NULL, name text, age integer DEFAULT 18);
CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id integer NOT NULL, status status NOT NULL DEFAULT 'new', total numeric(10, 2),
    note text, CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT orders_total_check CHECK (total >= 0), CONSTRAINT orders_note_uq UNIQUE (note)
);
CREATE INDEX orders_total_ix ON orders (total) WHERE total > 0;
CREATE INDEX users_name_ix ON users (name);
CREATE VIEW paid AS SELECT id, total FROM orders WHERE status = 'paid';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue:
    """``upgrade`` and ``leaky`` run one after the other; ``repair`` is what the downgrade forgot.

    ``expected`` is ``kind object change`` with the names of the changed attributes behind it.
    """

    name: str
    upgrade: str
    leaky: str = ""
    repair: str
    expected: str


def _fk(rest: str) -> str:
    return (
        "ALTER TABLE orders DROP CONSTRAINT orders_user_fk; ALTER TABLE orders ADD CONSTRAINT orders_user_fk "
        f"FOREIGN KEY (user_id) REFERENCES users (id) {rest}"
    )


def _index(rest: str) -> str:
    return f"DROP INDEX orders_total_ix; CREATE INDEX orders_total_ix ON orders {rest}"


_INDEX_BACK = _index("(total) WHERE total > 0")
_NAME_BACK = "DROP INDEX users_name_ix; CREATE INDEX users_name_ix ON users (name)"

RESIDUES = (
    Residue(
        name="column",
        upgrade="ALTER TABLE users ADD COLUMN nick varchar(20) NOT NULL DEFAULT ''",
        repair="ALTER TABLE users DROP COLUMN nick",
        expected="column public.users.nick added",
    ),
    Residue(
        name="index",
        upgrade="CREATE INDEX users_age_ix ON users (age)",
        repair="DROP INDEX users_age_ix",
        expected="index public.users.users_age_ix added",
    ),
    Residue(
        name="check",
        upgrade="ALTER TABLE users ADD CONSTRAINT adult CHECK (age >= 18)",
        repair="ALTER TABLE users DROP CONSTRAINT adult",
        expected="constraint public.users.adult added",
    ),
    Residue(
        name="unique",
        upgrade="ALTER TABLE users ADD CONSTRAINT email_uq UNIQUE (email)",
        repair="ALTER TABLE users DROP CONSTRAINT email_uq",
        expected="constraint public.users.email_uq added",
    ),
    Residue(
        name="default",
        upgrade="ALTER TABLE users ALTER COLUMN age SET DEFAULT 21",
        repair="ALTER TABLE users ALTER COLUMN age SET DEFAULT 18",
        expected="column public.users.age changed default",
    ),
    Residue(
        name="not null",
        upgrade="ALTER TABLE users ALTER COLUMN name SET NOT NULL",
        repair="ALTER TABLE users ALTER COLUMN name DROP NOT NULL",
        expected="column public.users.name changed not null",
    ),
    Residue(
        name="type",
        upgrade="ALTER TABLE users ALTER COLUMN age TYPE bigint",
        repair="ALTER TABLE users ALTER COLUMN age TYPE integer",
        expected="column public.users.age changed type",
    ),
    Residue(
        name="length",
        upgrade="ALTER TABLE users ALTER COLUMN email TYPE varchar(320)",
        repair="ALTER TABLE users ALTER COLUMN email TYPE varchar(255)",
        expected="column public.users.email changed type",
    ),
    Residue(
        name="enum type",
        upgrade="CREATE TYPE mood AS ENUM ('ok', 'bad'); ALTER TABLE users ADD COLUMN mood mood",
        leaky="ALTER TABLE users DROP COLUMN mood",
        repair="DROP TYPE mood",
        expected="type public.mood added",
    ),
    Residue(
        name="enum value",
        upgrade="ALTER TYPE status ADD VALUE 'sent'",
        repair="DROP VIEW paid; ALTER TABLE orders ALTER status DROP DEFAULT, ALTER status TYPE text; DROP TYPE status;"
        "CREATE TYPE status AS ENUM ('new', 'paid'); ALTER TABLE orders ALTER status TYPE status USING status::status,"
        "ALTER status SET DEFAULT 'new'; CREATE VIEW paid AS SELECT id, total FROM orders WHERE status = 'paid'",
        expected="type public.status changed labels",
    ),
    Residue(
        name="function",
        upgrade="CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'",
        repair="DROP FUNCTION twice",
        expected="function public.twice(n integer) added",
    ),
    Residue(
        name="function changed",
        upgrade="CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        repair="CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        expected="function public.touch() changed definition",
    ),
    Residue(
        name="trigger",
        upgrade="CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()",
        repair="DROP TRIGGER touched ON users",
        expected="trigger public.users.touched added",
    ),
    Residue(
        name="view changed",
        upgrade="CREATE OR REPLACE VIEW paid AS SELECT id, total FROM orders WHERE total > 0",
        repair="CREATE OR REPLACE VIEW paid AS SELECT id, total FROM orders WHERE status = 'paid'",
        expected="view public.paid changed definition",
    ),
    Residue(
        name="view left",
        upgrade="CREATE VIEW names AS SELECT name FROM users",
        repair="DROP VIEW names",
        expected="view public.names added",
    ),
    Residue(
        name="materialized view",
        upgrade="CREATE MATERIALIZED VIEW sums AS SELECT sum(total) AS s FROM orders; CREATE INDEX sums_ix ON sums (s)",
        repair="DROP MATERIALIZED VIEW sums",
        expected="materialized view public.sums added",
    ),
    Residue(
        name="sequence",
        upgrade="CREATE SEQUENCE tickets",
        repair="DROP SEQUENCE tickets",
        expected="sequence public.tickets added",
    ),
    Residue(
        name="extension",
        upgrade="CREATE EXTENSION citext",
        repair="DROP EXTENSION citext",
        expected="extension citext added",
    ),
    Residue(
        name="extension with a composite type",
        upgrade="CREATE EXTENSION dblink",
        repair="DROP EXTENSION dblink",
        expected="extension dblink added",
    ),
    Residue(name="schema", upgrade="CREATE SCHEMA audit", repair="DROP SCHEMA audit", expected="schema audit added"),
    Residue(
        name="table in another schema",
        upgrade="CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.log (id serial PRIMARY KEY, at date CHECK (at > '2000-1-1'))",
        leaky="ALTER TABLE app.log SET SCHEMA public; DROP SCHEMA app; CREATE SCHEMA app; ALTER TABLE log SET SCHEMA app",
        repair="DROP SCHEMA app CASCADE",
        expected="schema app added; table app.log added",
    ),
    Residue(
        name="comment",
        upgrade="COMMENT ON COLUMN users.age IS 'in years'",
        repair="COMMENT ON COLUMN users.age IS NULL",
        expected="comment public.users.age added",
    ),
    Residue(
        name="policy",
        upgrade="CREATE POLICY own ON orders USING (user_id = 1)",
        repair="DROP POLICY own ON orders",
        expected="policy public.orders.own added",
    ),
    Residue(
        name="row security",
        upgrade="ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
        repair="ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
        expected="table public.orders changed row security",
    ),
    Residue(
        name="domain",
        upgrade="CREATE DOMAIN positive AS integer CONSTRAINT above CHECK (VALUE > 0)",
        repair="DROP DOMAIN positive",
        expected="type public.positive added",
    ),
    Residue(
        name="foreign key action",
        upgrade=_fk("ON DELETE RESTRICT"),
        repair=_fk("ON DELETE CASCADE"),
        expected="constraint public.orders.orders_user_fk changed definition",
    ),
    Residue(
        name="foreign key deferrable",
        upgrade="ALTER TABLE orders ALTER CONSTRAINT orders_user_fk DEFERRABLE INITIALLY DEFERRED",
        repair="ALTER TABLE orders ALTER CONSTRAINT orders_user_fk NOT DEFERRABLE",
        expected="constraint public.orders.orders_user_fk changed definition deferrable deferred",
    ),
    Residue(
        name="index predicate",
        upgrade=_index("(total)"),
        repair=_INDEX_BACK,
        expected="index public.orders.orders_total_ix changed definition",
    ),
    Residue(
        name="index direction",
        upgrade=_index("(total DESC) WHERE total > 0"),
        repair=_INDEX_BACK,
        expected="index public.orders.orders_total_ix changed definition",
    ),
    Residue(
        name="index method",
        upgrade="DROP INDEX users_name_ix; CREATE INDEX users_name_ix ON users USING hash (name)",
        repair=_NAME_BACK,
        expected="index public.users.users_name_ix changed definition",
    ),
    Residue(
        name="fillfactor",
        upgrade="ALTER TABLE users SET (fillfactor = 70)",
        repair="ALTER TABLE users RESET (fillfactor)",
        expected="table public.users changed options",
    ),
    Residue(
        name="index fillfactor",
        upgrade="ALTER INDEX users_name_ix SET (fillfactor = 70)",
        repair="ALTER INDEX users_name_ix RESET (fillfactor)",
        expected="index public.users.users_name_ix changed definition options",
    ),
    Residue(
        name="grant",
        upgrade="GRANT SELECT ON users TO PUBLIC",
        repair="REVOKE SELECT ON users FROM PUBLIC",
        expected="table public.users changed grants",
    ),
    Residue(
        name="column grant",
        upgrade="GRANT SELECT (name) ON users TO PUBLIC",
        repair="REVOKE SELECT (name) ON users FROM PUBLIC",
        expected="column public.users.name changed grants",
    ),
    Residue(
        name="identity",
        upgrade="ALTER TABLE orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
        repair="ALTER TABLE orders ALTER COLUMN id DROP IDENTITY",
        expected="column public.orders.id changed identity",
    ),
    Residue(
        name="dropped key",
        upgrade="ALTER TABLE orders DROP CONSTRAINT orders_pkey",
        repair="ALTER TABLE orders ADD PRIMARY KEY (id)",
        expected="constraint public.orders.orders_pkey removed",
    ),
    Residue(
        name="key of other columns",
        upgrade="ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (user_id, id)",
        repair="ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id)",
        expected="constraint public.orders.orders_pkey changed definition",
    ),
    Residue(
        name="replica identity",
        upgrade="ALTER TABLE orders REPLICA IDENTITY FULL",
        repair="ALTER TABLE orders REPLICA IDENTITY DEFAULT",
        expected="table public.orders changed replica identity",
    ),
    Residue(
        name="not valid",
        upgrade="ALTER TABLE orders DROP CONSTRAINT orders_total_check",
        leaky="ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID",
        repair="ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check",
        expected="constraint public.orders.orders_total_check changed definition validated",
    ),
    Residue(
        name="unlogged",
        upgrade="CREATE TABLE pad (id serial); DROP TABLE pad; ALTER TABLE orders SET UNLOGGED",
        repair="ALTER TABLE orders SET LOGGED",
        expected="table public.orders changed persistence",
    ),
    Residue(
        name="foreign key switched off",
        upgrade="ALTER TABLE orders DISABLE TRIGGER ALL",
        repair="ALTER TABLE orders ENABLE TRIGGER ALL",
        expected="constraint public.orders.orders_user_fk changed disabled triggers",
    ),
    Residue(
        name="renamed index",
        upgrade="ALTER INDEX users_name_ix RENAME TO ix_users_name",
        repair="ALTER INDEX ix_users_name RENAME TO users_name_ix",
        expected="index public.users.ix_users_name renamed name",
    ),
    Residue(
        name="renamed unique constraint",
        upgrade="ALTER TABLE orders RENAME CONSTRAINT orders_note_uq TO uq_note",
        repair="ALTER TABLE orders RENAME CONSTRAINT uq_note TO orders_note_uq",
        expected="constraint public.orders.uq_note renamed name",
    ),
    Residue(
        name="commented column",
        upgrade="ALTER TABLE users ADD COLUMN nick text; COMMENT ON COLUMN users.nick IS 'n'",
        repair="ALTER TABLE users DROP COLUMN nick",
        expected="column public.users.nick added",
    ),
    Residue(
        name="commented index",
        upgrade="CREATE INDEX users_age_ix ON users (age); COMMENT ON INDEX users_age_ix IS 'n'",
        repair="DROP INDEX users_age_ix",
        expected="index public.users.users_age_ix added",
    ),
    Residue(
        name="serial column",
        upgrade='ALTER TABLE users ADD COLUMN "Nr" serial',
        repair='ALTER TABLE users DROP COLUMN "Nr"',
        expected="column public.users.Nr added",
    ),
    Residue(
        name="dropped table",
        upgrade="DROP TABLE orders CASCADE",
        repair="SELECT 1",
        expected="table public.orders removed; view public.paid removed",
    ),
)

PARTITIONED = """
CREATE TABLE events (id bigint, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
"""

PARTITIONED_RESIDUES = (
    Residue(
        name="partitioned column",
        upgrade="ALTER TABLE events ADD COLUMN more text",
        repair="ALTER TABLE events DROP COLUMN more",
        expected="column public.events.more added",
    ),
    Residue(
        name="partitioned type",
        upgrade="ALTER TABLE events ALTER COLUMN note TYPE varchar",
        repair="ALTER TABLE events ALTER COLUMN note TYPE text",
        expected="column public.events.note changed type",
    ),
    Residue(
        name="partitioned index",
        upgrade="CREATE INDEX events_ix ON events (note)",
        repair="DROP INDEX events_ix",
        expected="index public.events.events_ix added",
    ),
    Residue(
        name="partitioned key",
        upgrade="ALTER TABLE events ADD PRIMARY KEY (id, at)",
        leaky="SELECT 1",
        repair="ALTER TABLE events DROP CONSTRAINT events_pkey; ALTER TABLE events ALTER id DROP NOT NULL",
        expected="constraint public.events.events_pkey added; column public.events.id changed not null",
    ),
    Residue(
        name="partitioned check",
        upgrade="ALTER TABLE events ADD CONSTRAINT noted CHECK (note <> '')",
        repair="ALTER TABLE events DROP CONSTRAINT noted",
        expected="constraint public.events.noted added",
    ),
    Residue(
        name="partitioned trigger",
        upgrade="CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER touched AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION touch()",
        repair="DROP FUNCTION touch() CASCADE",
        expected="trigger public.events.touched added; function public.touch() added",
    ),
    Residue(
        name="partition",
        upgrade="CREATE TABLE events_3 PARTITION OF events DEFAULT",
        repair="DROP TABLE events_3",
        expected="table public.events_3 added",
    ),
    Residue(
        name="detached partition",
        upgrade="ALTER TABLE events DETACH PARTITION events_2",
        repair="ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')",
        expected="table public.events_2 changed partition bound parents",
    ),
)

# (SQL that makes one object, the difference it gives): every family of the catalog is read.
FAMILIES = (
    ("CREATE TYPE pair AS (a integer, b text)", "composite type public.pair added"),
    ("CREATE TYPE span AS RANGE (subtype = float8)", "type public.span added"),
    ("CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", "procedure public.p() added"),
    ("CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer)", "aggregate public.total(integer) added"),
    ("CREATE RULE r AS ON INSERT TO users DO ALSO NOTHING", "rule public.users.r added"),
    ("CREATE STATISTICS s ON id, name FROM users", "statistics public.s added"),
    ("CREATE PUBLICATION pub FOR TABLE users", "publication pub added"),
    ("CREATE FOREIGN DATA WRAPPER w", "foreign data wrapper w added"),
    (
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER srv FOREIGN DATA WRAPPER w; "
        "CREATE FOREIGN TABLE ft (id int) SERVER srv; CREATE USER MAPPING FOR PUBLIC SERVER srv",
        "foreign table public.ft added; server srv added; user mapping srv.public added; foreign data wrapper w added",
    ),
    ('CREATE COLLATION german FROM "C"', "collation public.german added"),
    ("CREATE CAST (users AS text) WITH INOUT", "cast (public.users AS pg_catalog.text) added"),
    ("CREATE OPERATOR @@@ (leftarg = int4, rightarg = int4, function = int4pl)", None),
    ("CREATE OPERATOR CLASS oc FOR TYPE int4 USING hash AS OPERATOR 1 =", None),
    ("CREATE TEXT SEARCH CONFIGURATION tsc (COPY = pg_catalog.simple)", "text search configuration public.tsc added"),
    ("CREATE TEXT SEARCH DICTIONARY tsd (TEMPLATE = simple)", "text search dictionary public.tsd added"),
    ("CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", "conversion public.conv added"),
    ("CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler", "access method am added"),
    (
        "CREATE FUNCTION et() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; "
        "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION et()",
        "event trigger e added; function public.et() added",
    ),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC", None),
    (
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); END $$",
        "setting all roles work_mem added",
    ),
    (
        "DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()); END $$",
        "database current changed grants",
    ),
    ("SELECT lo_create(0)", None),
    ("COMMENT ON FUNCTION touch() IS 'x'", "comment public.touch() (function) added"),
    ("COMMENT ON TABLE users IS 'x'", "comment public.users added"),
    ("COMMENT ON INDEX users_pkey IS 'x'", "comment public.users_pkey (index) added"),
    ("COMMENT ON TYPE status IS 'x'", "comment public.status (type) added"),
    ("CREATE SCHEMA s; COMMENT ON SCHEMA s IS 'x'", "schema s added"),
    ("COMMENT ON SCHEMA public IS 'ours'", "comment public (schema) added"),
    (
        "COMMENT ON CONSTRAINT orders_note_uq ON orders IS 'x'",
        "comment public.orders.orders_note_uq (table constraint) added",
    ),
    ("ALTER TABLE users ALTER name SET STORAGE external", "column public.users.name changed storage"),
    ("ALTER TABLE users ALTER name SET STATISTICS 500", "column public.users.name changed statistics"),
    ("ALTER TABLE users ALTER name SET (n_distinct = 5)", "column public.users.name changed options"),
    ("ALTER TABLE users ALTER name SET COMPRESSION pglz", "column public.users.name changed compression"),
    ('ALTER TABLE users ALTER name TYPE text COLLATE "C"', "column public.users.name changed collation"),
    ("ALTER TABLE users CLUSTER ON users_pkey", "index public.users.users_pkey changed clustered"),
    ("ALTER INDEX users_pkey SET (fillfactor = 50)", None),
    ("GRANT USAGE ON TYPE status TO CURRENT_USER WITH GRANT OPTION", None),
    ("REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC", "function public.touch() changed grants"),
    ("REVOKE USAGE ON SCHEMA public FROM PUBLIC", "schema public changed grants"),
    ("ALTER SEQUENCE users_id_seq CACHE 20 CYCLE", "sequence public.users_id_seq changed cache cycle"),
    ("ALTER SEQUENCE users_id_seq OWNED BY NONE", "sequence public.users_id_seq changed owned by"),
    ("CREATE TABLE child () INHERITS (users)", "table public.child added"),
    ("ALTER TABLE users FORCE ROW LEVEL SECURITY", "table public.users changed force row security"),
    ("ALTER TABLE users ADD g int GENERATED ALWAYS AS (age * 2) STORED", "column public.users.g added"),
    ("ALTER TABLE users ADD EXCLUDE USING btree (age WITH =)", "constraint public.users.users_age_excl added"),
    ("ALTER VIEW paid SET (security_barrier = true)", "view public.paid changed options"),
)
