"""Migrations that break on rows, each with its repaired twin: base, bad up and down, good up and down.

Each string is SQL, statement by statement; one that begins with ``py:`` is Python code. ``{t}`` is the name of the
pair's table, ``{u}`` that of a second one.
"""

from __future__ import annotations

from dataclasses import dataclass

FAILS, BACK, LOST, CHANGED = "upgrade-fails-on-rows", "downgrade-fails-on-rows", "rows-lost", "values-changed"


@dataclass(frozen=True)
class Pair:
    name: str
    base: tuple[str, ...]
    bad: tuple[tuple[str, ...], tuple[str, ...]]
    good: tuple[tuple[str, ...], tuple[str, ...]]
    rule: str
    rows: str


USERS = ("CREATE TABLE {t} (id serial PRIMARY KEY, email text)",)
NULLABLE = ("ALTER TABLE {t} ALTER email DROP NOT NULL",)
TEAMS = (
    "CREATE TABLE {u} (id int PRIMARY KEY)",
    "CREATE TABLE {t} (id int PRIMARY KEY, team int)",
)
DROP_FK = ("ALTER TABLE {t} DROP CONSTRAINT {t}_fk",)
RUNS = (
    "CREATE TABLE {u} (run text UNIQUE)",
    "CREATE TABLE {t} (id serial PRIMARY KEY, run text REFERENCES {u} (run), key text, tag text)",
)
TAGGED = """py:with op.get_context().autocommit_block():
    op.execute("CREATE UNIQUE INDEX CONCURRENTLY {t}_tag ON {t} (key, tag, run)")"""
PRICES = ("CREATE TABLE {t} (id int PRIMARY KEY, price int)",)

PAIRS = (
    Pair(
        "not null", USERS,
        (("ALTER TABLE {t} ALTER email SET NOT NULL",), NULLABLE),
        (("UPDATE {t} SET email = 'x' WHERE email IS NULL", "ALTER TABLE {t} ALTER email SET NOT NULL"), NULLABLE),
        FAILS, "{t}  {id: 1, email: NULL}",
    ),
    Pair(
        "required column", USERS,
        (("ALTER TABLE {t} ADD locale text NOT NULL",), ("ALTER TABLE {t} DROP locale",)),
        (("ALTER TABLE {t} ADD locale text NOT NULL DEFAULT 'en'",), ("ALTER TABLE {t} DROP locale",)),
        FAILS, "{t}  {id: 1, email: NULL}",
    ),
    Pair(
        "unique", USERS,
        (("ALTER TABLE {t} ADD CONSTRAINT {t}_email UNIQUE (email)",), ("ALTER TABLE {t} DROP CONSTRAINT {t}_email",)),
        (
            (
                "DELETE FROM {t} a USING {t} b WHERE a.email = b.email AND a.id > b.id",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_email UNIQUE (email)",
            ),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_email",),
        ),
        FAILS, "{t}  {id: 1, email: 'a'}\n{t}  {id: 2, email: 'a'}",
    ),
    Pair(
        "nulls not distinct", USERS,
        (("CREATE UNIQUE INDEX {t}_email ON {t} (coalesce(email, ''))",), ("DROP INDEX {t}_email",)),
        (
            (
                "DELETE FROM {t} a USING {t} b WHERE coalesce(a.email, '') = coalesce(b.email, '') AND a.id > b.id",
                "CREATE UNIQUE INDEX {t}_email ON {t} (coalesce(email, ''))",
            ),
            ("DROP INDEX {t}_email",),
        ),
        FAILS, "{t}  {id: 1, email: NULL}\n{t}  {id: 2, email: NULL}",
    ),
    Pair(
        "unique together, committed", RUNS,
        ((TAGGED,), ("DROP INDEX {t}_tag",)),
        (
            (
                "DELETE FROM {t} a USING {t} b WHERE (a.key, a.tag, a.run) = (b.key, b.tag, b.run) AND a.id > b.id",
                TAGGED,
            ),
            ("DROP INDEX {t}_tag",),
        ),
        FAILS,
        "{u}  {run: 'a'}\n{t}  {id: 1, run: 'a', key: 'a', tag: 'a'}\n{t}  {id: 2, run: 'a', key: 'a', tag: 'a'}",
    ),
    Pair(
        "case folding", ("CREATE TABLE {t} (email text PRIMARY KEY)",),
        (("CREATE UNIQUE INDEX {t}_email ON {t} (lower(email))",), ("DROP INDEX {t}_email",)),
        (
            (
                "DELETE FROM {t} a USING {t} b WHERE lower(a.email) = lower(b.email) AND a.email > b.email",
                "CREATE UNIQUE INDEX {t}_email ON {t} (lower(email))",
            ),
            ("DROP INDEX {t}_email",),
        ),
        FAILS, "{t}  {email: 'a'}\n{t}  {email: 'A'}",
    ),
    Pair(
        "primary key", ("CREATE TABLE {t} (code text)",),
        (("ALTER TABLE {t} ADD CONSTRAINT {t}_pk PRIMARY KEY (code)",), ("ALTER TABLE {t} DROP CONSTRAINT {t}_pk",
            "ALTER TABLE {t} ALTER code DROP NOT NULL")),
        (
            (
                "DELETE FROM {t} WHERE code IS NULL",
                "DELETE FROM {t} a USING {t} b WHERE a.code = b.code AND a.ctid > b.ctid",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_pk PRIMARY KEY (code)",
            ),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_pk", "ALTER TABLE {t} ALTER code DROP NOT NULL"),
        ),
        FAILS, "{t}  {code: NULL}",
    ),
    Pair(
        "foreign key", TEAMS,
        (("ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (team) REFERENCES {u} (id)",), DROP_FK),
        (
            (
                "UPDATE {t} SET team = NULL WHERE team NOT IN (SELECT id FROM {u})",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (team) REFERENCES {u} (id)",
            ),
            DROP_FK,
        ),
        FAILS, "{t}  {id: 0, team: 0}",
    ),
    Pair(
        "foreign key to itself", ("CREATE TABLE {t} (id int PRIMARY KEY, parent int)",),
        (("ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (parent) REFERENCES {t} (id)",), DROP_FK),
        (
            (
                "UPDATE {t} SET parent = NULL WHERE parent NOT IN (SELECT id FROM {t})",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_fk FOREIGN KEY (parent) REFERENCES {t} (id)",
            ),
            DROP_FK,
        ),
        FAILS, "{t}  {id: 0, parent: 1}",
    ),
    Pair(
        "check", PRICES,
        (("ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (price >= 0)",), ("ALTER TABLE {t} DROP CONSTRAINT {t}_ck",)),
        (
            ("UPDATE {t} SET price = 0 WHERE price < 0", "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (price >= 0)"),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ck",),
        ),
        FAILS, "{t}  {id: 0, price: -1}",
    ),
    Pair(
        "check on text", ("CREATE TABLE {t} (id int PRIMARY KEY, code text)",),
        (
            ("ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (length(code) = octet_length(code))",),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ck",),
        ),
        (
            (
                "UPDATE {t} SET code = '?' WHERE length(code) <> octet_length(code)",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (length(code) = octet_length(code))",
            ),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ck",),
        ),
        FAILS, "{t}  {id: 0, code: 'ä'}",
    ),
    Pair(
        "domain check", ("CREATE DOMAIN {t}_price AS int", "CREATE TABLE {t} (id int PRIMARY KEY, price {t}_price)"),
        (
            ("ALTER DOMAIN {t}_price ADD CONSTRAINT positive CHECK (VALUE >= 0)",),
            ("ALTER DOMAIN {t}_price DROP CONSTRAINT positive",),
        ),
        (
            (
                "UPDATE {t} SET price = 0 WHERE price < 0",
                "ALTER DOMAIN {t}_price ADD CONSTRAINT positive CHECK (VALUE >= 0)",
            ),
            ("ALTER DOMAIN {t}_price DROP CONSTRAINT positive",),
        ),
        FAILS, "{t}  {id: 0, price: -1}",
    ),
    Pair(
        "exclusion", ("CREATE TABLE {t} (id int PRIMARY KEY, during int4range)",),
        (
            ("ALTER TABLE {t} ADD CONSTRAINT {t}_ex EXCLUDE USING gist (during WITH &&)",),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ex",),
        ),
        (
            (
                "DELETE FROM {t} a USING {t} b WHERE a.during && b.during AND a.id > b.id",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_ex EXCLUDE USING gist (during WITH &&)",
            ),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ex",),
        ),
        FAILS, "{t}  {id: 0, during: '[\"0\",\"1\")'}\n{t}  {id: 1, during: '[\"0\",\"1\")'}",
    ),
    Pair(
        "narrower text", ("CREATE TABLE {t} (id int PRIMARY KEY, code varchar(320))",),
        (("ALTER TABLE {t} ALTER code TYPE varchar(5)",), ("ALTER TABLE {t} ALTER code TYPE varchar(320)",)),
        (
            ("UPDATE {t} SET code = left(code, 5)", "ALTER TABLE {t} ALTER code TYPE varchar(5)"),
            ("ALTER TABLE {t} ALTER code TYPE varchar(320)",),
        ),
        FAILS, "{t}  {id: 0, code: 'aaaaaa'}",
    ),
    Pair(
        "narrower number", ("CREATE TABLE {t} (id int PRIMARY KEY, n bigint)",),
        (("ALTER TABLE {t} ALTER n TYPE int",), ("ALTER TABLE {t} ALTER n TYPE bigint",)),
        (
            (
                "UPDATE {t} SET n = NULL WHERE n NOT BETWEEN -2147483648 AND 2147483647",
                "ALTER TABLE {t} ALTER n TYPE int",
            ),
            ("ALTER TABLE {t} ALTER n TYPE bigint",),
        ),
        FAILS, "{t}  {id: 0, n: 2147483648}",
    ),
    Pair(
        "rounded", ("CREATE TABLE {t} (id int PRIMARY KEY, price numeric(10, 4))",),
        (("ALTER TABLE {t} ALTER price TYPE numeric(10, 2)",), ("ALTER TABLE {t} ALTER price TYPE numeric(10, 4)",)),
        (("ALTER TABLE {t} ALTER price TYPE numeric(12, 4)",), ("ALTER TABLE {t} ALTER price TYPE numeric(10, 4)",)),
        CHANGED, "{t}  {id: 0, price: 0.005}",
    ),
    Pair(
        "enum without a label",
        ("CREATE TYPE {t}_old AS ENUM ('new', 'paid', 'void')", "CREATE TABLE {t} (id int PRIMARY KEY, status {t}_old)"),
        (
            (
                "CREATE TYPE {t}_new AS ENUM ('new', 'paid')",
                "ALTER TABLE {t} ALTER status TYPE {t}_new USING status::text::{t}_new",
            ),
            ("ALTER TABLE {t} ALTER status TYPE {t}_old USING status::text::{t}_old", "DROP TYPE {t}_new"),
        ),
        (
            (
                "UPDATE {t} SET status = 'new' WHERE status = 'void'",
                "CREATE TYPE {t}_new AS ENUM ('new', 'paid')",
                "ALTER TABLE {t} ALTER status TYPE {t}_new USING status::text::{t}_new",
            ),
            ("ALTER TABLE {t} ALTER status TYPE {t}_old USING status::text::{t}_old", "DROP TYPE {t}_new"),
        ),
        FAILS, "{t}  {id: 0, status: 'void'}",
    ),
    Pair(
        "cast", ("CREATE TABLE {t} (id int PRIMARY KEY, code text)",),
        (("ALTER TABLE {t} ALTER code TYPE int USING code::int",), ("ALTER TABLE {t} ALTER code TYPE text",)),
        (
            ("ALTER TABLE {t} ALTER code TYPE int USING CASE WHEN code ~ '^[0-9]{{1,9}}$' THEN code::int END",),
            ("ALTER TABLE {t} ALTER code TYPE text",),
        ),
        FAILS, "{t}  {id: 0, code: 'a'}",
    ),
    Pair(
        "cast to json", ("CREATE TABLE {t} (id int PRIMARY KEY, note text)",),
        (("ALTER TABLE {t} ALTER note TYPE jsonb USING note::jsonb",), ("ALTER TABLE {t} ALTER note TYPE text",)),
        (
            ("ALTER TABLE {t} ALTER note TYPE jsonb USING to_jsonb(note)",),
            ("ALTER TABLE {t} ALTER note TYPE text USING note #>> '{{}}'",),
        ),
        FAILS, "{t}  {id: 0, note: 'a'}",
    ),
    Pair(
        "split", ("CREATE TABLE {t} (id int PRIMARY KEY, name text)",),
        (
            (
                "ALTER TABLE {t} ADD first text, ADD rest text",
                "UPDATE {t} SET first = split_part(name, ' ', 1), rest = split_part(name, ' ', 2)",
                "ALTER TABLE {t} DROP name",
            ),
            (
                "ALTER TABLE {t} ADD name text",
                "UPDATE {t} SET name = first || ' ' || rest",
                "ALTER TABLE {t} DROP first, DROP rest",
            ),
        ),
        (
            (
                "ALTER TABLE {t} ADD first text, ADD rest text",
                "UPDATE {t} SET first = split_part(name, ' ', 1), rest = CASE WHEN position(' ' in name) > 0 "
                "THEN substr(name, position(' ' in name) + 1) END",
                "ALTER TABLE {t} DROP name",
            ),
            (
                "ALTER TABLE {t} ADD name text",
                "UPDATE {t} SET name = first || coalesce(' ' || rest, '')",
                "ALTER TABLE {t} DROP first, DROP rest",
            ),
        ),
        CHANGED, "{t}  {id: 0, name: 'a'}",
    ),
    Pair(
        "merge", ("CREATE TABLE {t} (id int PRIMARY KEY, first text NOT NULL, rest text NOT NULL)",),
        (
            (
                "ALTER TABLE {t} ADD name text",
                "UPDATE {t} SET name = first || ' ' || rest",
                "ALTER TABLE {t} DROP first, DROP rest",
            ),
            (
                "ALTER TABLE {t} ADD first text, ADD rest text",
                "UPDATE {t} SET first = split_part(name, ' ', 1), rest = split_part(name, ' ', 2)",
                "ALTER TABLE {t} ALTER first SET NOT NULL, ALTER rest SET NOT NULL, DROP name",
            ),
        ),
        (
            ("ALTER TABLE {t} ADD name text", "UPDATE {t} SET name = first || ' ' || rest"),
            ("ALTER TABLE {t} DROP name",),
        ),
        CHANGED, "{t}  {id: 0, first: 'a', rest: 'a b'}",
    ),
    Pair(
        "backfill with a wrong WHERE",
        ("CREATE TABLE {t} (id int PRIMARY KEY, active boolean NOT NULL, locale text)",),
        (
            ("UPDATE {t} SET locale = 'en' WHERE locale IS NULL AND active", "ALTER TABLE {t} ALTER locale SET NOT NULL"),
            ("ALTER TABLE {t} ALTER locale DROP NOT NULL",),
        ),
        (
            ("UPDATE {t} SET locale = 'en' WHERE locale IS NULL", "ALTER TABLE {t} ALTER locale SET NOT NULL"),
            ("ALTER TABLE {t} ALTER locale DROP NOT NULL",),
        ),
        FAILS, "{t}  {id: 0, active: false, locale: NULL}",
    ),
    Pair(
        "batch loop that forgets the rest", ("CREATE TABLE {t} (id int PRIMARY KEY, locale text)",),
        (
            (
                "UPDATE {t} SET locale = 'en' WHERE id IN (SELECT id FROM {t} WHERE locale IS NULL LIMIT 2)",
                "ALTER TABLE {t} ALTER locale SET NOT NULL",
            ),
            ("ALTER TABLE {t} ALTER locale DROP NOT NULL",),
        ),
        (
            (
                "py:while op.get_bind().exec_driver_sql(\"UPDATE {t} SET locale = 'en' WHERE id IN "
                "(SELECT id FROM {t} WHERE locale IS NULL LIMIT 2)\").rowcount:\n    pass",
                "ALTER TABLE {t} ALTER locale SET NOT NULL",
            ),
            ("ALTER TABLE {t} ALTER locale DROP NOT NULL",),
        ),
        FAILS, "{t}  {id: 0, locale: NULL}\n{t}  {id: 1, locale: NULL}\n{t}  {id: 2, locale: NULL}",
    ),
    Pair(
        "batch of a usual size, taken once", ("CREATE TABLE {t} (id int PRIMARY KEY, locale text)",),
        (
            (
                "UPDATE {t} SET locale = 'en' WHERE id IN (SELECT id FROM {t} WHERE locale IS NULL LIMIT 500)",
                "ALTER TABLE {t} ALTER locale SET NOT NULL",
            ),
            ("ALTER TABLE {t} ALTER locale DROP NOT NULL",),
        ),
        (
            (
                "py:while op.get_bind().execute(sa.text(\"UPDATE {t} SET locale = 'en' WHERE id IN "
                "(SELECT id FROM {t} WHERE locale IS NULL LIMIT :size)\"), dict(size=500)).rowcount:\n    pass",
                "ALTER TABLE {t} ALTER locale SET NOT NULL",
            ),
            ("ALTER TABLE {t} ALTER locale DROP NOT NULL",),
        ),
        FAILS, "\n".join(f"{{t}}  {{id: {n}, locale: NULL}}" for n in range(12)) + "\n... (489 more)",
    ),
    Pair(
        "batch that leaves NULLs", ("CREATE TABLE {t} (id int PRIMARY KEY)",),
        (
            (
                "ALTER TABLE {t} ADD cents int",
                "UPDATE {t} SET cents = 1 WHERE id IN (SELECT id FROM {t} WHERE cents IS NULL ORDER BY id LIMIT 60)",
            ),
            ("ALTER TABLE {t} DROP cents",),
        ),
        (
            (
                "ALTER TABLE {t} ADD cents int",
                "py:while op.get_bind().exec_driver_sql(\"UPDATE {t} SET cents = 1 WHERE id IN "
                "(SELECT id FROM {t} WHERE cents IS NULL ORDER BY id LIMIT 60)\").rowcount:\n    pass",
            ),
            ("ALTER TABLE {t} DROP cents",),
        ),
        "batch-left-behind", "\n".join(f"{{t}}  {{id: {n}}}" for n in range(12)) + "\n... (49 more)",
    ),
    Pair(
        "deferred trigger",
        (
            "CREATE TABLE {u} (id int PRIMARY KEY)",
            "CREATE TABLE {t} (id int PRIMARY KEY, team int NOT NULL REFERENCES {u} DEFERRABLE INITIALLY DEFERRED)",
        ),
        (
            (
                "DELETE FROM {u} WHERE NOT EXISTS (SELECT FROM {t} WHERE team = {u}.id)",
                "ALTER TABLE {u} ADD note text",
            ),
            ("ALTER TABLE {u} DROP note",),
        ),
        (
            (
                "DELETE FROM {u} WHERE NOT EXISTS (SELECT FROM {t} WHERE team = {u}.id)",
                "SET CONSTRAINTS ALL IMMEDIATE",
                "ALTER TABLE {u} ADD note text",
            ),
            ("ALTER TABLE {u} DROP note",),
        ),
        FAILS, "{u}  {id: 0}",
    ),
    Pair(
        "sequence left behind", ("CREATE TABLE {t} (id serial PRIMARY KEY, note text)",),
        (
            (
                "ALTER TABLE {t} ALTER id DROP DEFAULT",
                "ALTER TABLE {t} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {t}_new)",
            ),
            (
                "ALTER TABLE {t} ALTER id DROP IDENTITY",
                "ALTER TABLE {t} ALTER id SET DEFAULT nextval('{t}_id_seq')",
            ),
        ),
        (
            (
                "ALTER TABLE {t} ALTER id DROP DEFAULT",
                "ALTER TABLE {t} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {t}_new)",
                "SELECT setval('{t}_new', (SELECT coalesce(max(id), 0) + 1 FROM {t}), false)",
            ),
            (
                "ALTER TABLE {t} ALTER id DROP IDENTITY",
                "ALTER TABLE {t} ALTER id SET DEFAULT nextval('{t}_id_seq')",
            ),
        ),
        CHANGED, "{t}  {id: 1, note: NULL}",
    ),
    Pair(
        "default that changes meaning", ("CREATE TABLE {t} (id int PRIMARY KEY, disabled boolean)",),
        (
            (
                "ALTER TABLE {t} ADD enabled boolean NOT NULL DEFAULT true",
                "UPDATE {t} SET enabled = false WHERE disabled",
                "ALTER TABLE {t} DROP disabled",
            ),
            (
                "ALTER TABLE {t} ADD disabled boolean",
                "UPDATE {t} SET disabled = NOT enabled",
                "ALTER TABLE {t} DROP enabled",
            ),
        ),
        (
            (
                "ALTER TABLE {t} ADD enabled boolean",
                "UPDATE {t} SET enabled = NOT disabled",
                "ALTER TABLE {t} DROP disabled",
            ),
            (
                "ALTER TABLE {t} ADD disabled boolean",
                "UPDATE {t} SET disabled = NOT enabled",
                "ALTER TABLE {t} DROP enabled",
            ),
        ),
        CHANGED, "{t}  {id: 0, disabled: NULL}",
    ),
    Pair(
        "JSON reshaped", ("CREATE TABLE {t} (id int PRIMARY KEY, data jsonb)",),
        (
            ("UPDATE {t} SET data = jsonb_build_object('label', data -> 'name')",),
            ("UPDATE {t} SET data = jsonb_build_object('name', data -> 'label')",),
        ),
        (
            ("UPDATE {t} SET data = jsonb_build_object('v1', data) WHERE data IS NOT NULL",),
            ("UPDATE {t} SET data = data -> 'v1' WHERE data IS NOT NULL",),
        ),
        CHANGED, "{t}  {id: 0, data: NULL}",
    ),
    Pair(
        "time zone", ("CREATE TABLE {t} (id int PRIMARY KEY, at timestamp)",),
        (
            ("ALTER TABLE {t} ALTER at TYPE timestamptz USING at AT TIME ZONE 'Europe/Berlin'",),
            ("ALTER TABLE {t} ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC'",),
        ),
        (
            ("ALTER TABLE {t} ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC'",),
            ("ALTER TABLE {t} ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC'",),
        ),
        CHANGED, "{t}  {id: 0, at: '2000-01-01 00:00:00'}",
    ),
    Pair(
        "trailing blanks", ("CREATE TABLE {t} (id int PRIMARY KEY, code varchar(3))",),
        (("ALTER TABLE {t} ALTER code TYPE char(3)",), ("ALTER TABLE {t} ALTER code TYPE varchar(3)",)),
        (("ALTER TABLE {t} ALTER code TYPE varchar(4)",), ("ALTER TABLE {t} ALTER code TYPE varchar(3)",)),
        CHANGED, "{t}  {id: 0, code: 'a '}",
    ),
    Pair(
        "trailing blanks in a key", ("CREATE TABLE {t} (code varchar(3) PRIMARY KEY)",),
        (("ALTER TABLE {t} ALTER code TYPE char(3)",), ("ALTER TABLE {t} ALTER code TYPE varchar(3)",)),
        (("ALTER TABLE {t} ALTER code TYPE varchar(4)",), ("ALTER TABLE {t} ALTER code TYPE varchar(3)",)),
        FAILS, "{t}  {code: 'a'}\n{t}  {code: 'a '}",
    ),
    Pair(
        "lossy downgrade", ("CREATE TABLE {t} (id int PRIMARY KEY, code text, CONSTRAINT {t}_code UNIQUE (code))",),
        (
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_code", "UPDATE {t} SET code = lower(code)"),
            ("ALTER TABLE {t} ADD CONSTRAINT {t}_code UNIQUE (code)",),
        ),
        (
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_code",),
            ("ALTER TABLE {t} ADD CONSTRAINT {t}_code UNIQUE (code)",),
        ),
        BACK, "{t}  {id: 0, code: 'a'}\n{t}  {id: 1, code: 'A'}",
    ),
    Pair(
        "downgrade to NOT NULL", ("CREATE TABLE {t} (id int PRIMARY KEY, note text NOT NULL)",),
        (
            ("ALTER TABLE {t} ALTER note DROP NOT NULL", "UPDATE {t} SET note = NULL WHERE note = ''"),
            ("ALTER TABLE {t} ALTER note SET NOT NULL",),
        ),
        (
            ("ALTER TABLE {t} ALTER note DROP NOT NULL", "UPDATE {t} SET note = NULL WHERE note = ''"),
            ("UPDATE {t} SET note = '' WHERE note IS NULL", "ALTER TABLE {t} ALTER note SET NOT NULL"),
        ),
        BACK, "{t}  {id: 0, note: ''}",
    ),
    Pair(
        "table copied by a join",
        (
            "CREATE TABLE {u} (id int PRIMARY KEY)",
            "CREATE TABLE {t} (id int PRIMARY KEY, team int REFERENCES {u})",
        ),
        (
            (
                "ALTER TABLE {t} RENAME TO {t}_old",
                "CREATE TABLE {t} (id int PRIMARY KEY, team int REFERENCES {u})",
                "INSERT INTO {t} SELECT o.id, o.team FROM {t}_old o JOIN {u} ON {u}.id = o.team",
                "DROP TABLE {t}_old",
            ),
            ("SELECT 1",),
        ),
        (
            (
                "ALTER TABLE {t} RENAME TO {t}_old",
                "CREATE TABLE {t} (id int PRIMARY KEY, team int REFERENCES {u})",
                "INSERT INTO {t} SELECT o.id, o.team FROM {t}_old o LEFT JOIN {u} ON {u}.id = o.team",
                "DROP TABLE {t}_old",
            ),
            ("SELECT 1",),
        ),
        LOST, "{t}  {id: 0, team: NULL}",
    ),
    Pair(
        "deleted along",
        (
            "CREATE TABLE {u} (id int PRIMARY KEY, gone boolean NOT NULL)",
            "CREATE TABLE {t} (id int PRIMARY KEY, team int NOT NULL REFERENCES {u} ON DELETE CASCADE)",
        ),
        (("DELETE FROM {u} WHERE gone",), ("SELECT 1",)),
        (("DELETE FROM {u} WHERE gone AND id NOT IN (SELECT team FROM {t})",), ("SELECT 1",)),
        LOST, "{u}  {id: 0, gone: true}\n{t}  {id: 0, team: 0}",
    ),
    Pair(
        "generated column", ("CREATE TABLE {t} (id int PRIMARY KEY, price int, pieces int)",),
        (
            ("ALTER TABLE {t} ADD total int GENERATED ALWAYS AS (price * pieces) STORED",),
            ("ALTER TABLE {t} DROP total",),
        ),
        (
            ("ALTER TABLE {t} ADD total bigint GENERATED ALWAYS AS (price::bigint * pieces) STORED",),
            ("ALTER TABLE {t} DROP total",),
        ),
        FAILS, "{t}  {id: 0, price: 2, pieces: 2147483647}",
    ),
    Pair(
        "partition of what the default has",
        (
            "CREATE TABLE {t} (id int, kind text) PARTITION BY LIST (kind)",
            "CREATE TABLE {t}_rest PARTITION OF {t} DEFAULT",
        ),
        (("CREATE TABLE {t}_eu PARTITION OF {t} FOR VALUES IN ('eu')",), ("DROP TABLE {t}_eu",)),
        (
            (
                "DELETE FROM {t}_rest WHERE kind = 'eu'",
                "CREATE TABLE {t}_eu PARTITION OF {t} FOR VALUES IN ('eu')",
            ),
            ("DROP TABLE {t}_eu",),
        ),
        FAILS, "{t}  {id: NULL, kind: 'eu'}",
    ),
    Pair(
        "Python over rows", ("CREATE TABLE {t} (id int PRIMARY KEY, name text)",),
        (
            (
                "py:for key, name in op.get_bind().exec_driver_sql('SELECT id, name FROM {t}').fetchall():\n"
                "    op.execute(sa.text('UPDATE {t} SET name = :n WHERE id = :k').bindparams(n=name.strip(), k=key))",
            ),
            ("SELECT 1",),
        ),
        (
            (
                "py:for key, name in op.get_bind().exec_driver_sql('SELECT id, name FROM {t}').fetchall():\n"
                "    if name:\n"
                "        op.execute(sa.text('UPDATE {t} SET name = :n WHERE id = :k').bindparams(n=name.strip(), k=key))",
            ),
            ("SELECT 1",),
        ),
        FAILS, "{t}  {id: 0, name: NULL}",
    ),
    Pair(
        "division", ("CREATE TABLE {t} (id int PRIMARY KEY, total int, pieces int, each int)",),
        (("UPDATE {t} SET each = total / pieces",), ("SELECT 1",)),
        (("UPDATE {t} SET each = total / nullif(pieces, 0)",), ("SELECT 1",)),
        FAILS, "{t}  {id: 0, total: 0, pieces: 0, each: NULL}",
    ),
    Pair(
        "row that is there", ("CREATE TABLE {t} (name text PRIMARY KEY)",),
        (("INSERT INTO {t} VALUES ('admin')",), ("DELETE FROM {t} WHERE name = 'admin'",)),
        (("INSERT INTO {t} VALUES ('admin') ON CONFLICT DO NOTHING",), ("SELECT 1",)),
        FAILS, "{t}  {name: 'admin'}",
    ),
    Pair(
        "array with a hole", ("CREATE TABLE {t} (id int PRIMARY KEY, tags text[])",),
        (
            ("ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (array_position(tags, NULL) IS NULL)",),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ck",),
        ),
        (
            (
                "UPDATE {t} SET tags = array_remove(tags, NULL)",
                "ALTER TABLE {t} ADD CONSTRAINT {t}_ck CHECK (array_position(tags, NULL) IS NULL)",
            ),
            ("ALTER TABLE {t} DROP CONSTRAINT {t}_ck",),
        ),
        FAILS, "{t}  {id: 0, tags: '{NULL}'}",
    ),
)  # fmt: skip
