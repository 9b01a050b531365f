"""One expression in two spellings is no drift; two expressions that look alike are told apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from catalog_server import Scratch

from pytest_migcheck.core.drift import drift
from pytest_migcheck.core.index_definition import read_definition
from pytest_migcheck.postgres.fold import fold
from pytest_migcheck.postgres.server import Server

COLUMNS = (
    "x text, v varchar(9), n integer, m numeric, ts timestamptz, tn timestamp, d date, j jsonb, b boolean, a text[], r int4range"
)

# type of the column | default of the models | default of the migrations
SAME_DEFAULTS = """
timestamp   | (now() AT TIME ZONE 'utc')               | timezone('utc', now())
timestamp   | (CURRENT_TIMESTAMP AT TIME ZONE 'UTC')   | timezone('UTC'::text, CURRENT_TIMESTAMP)
timestamptz | (now() AT TIME ZONE INTERVAL '1 hour')   | timezone(INTERVAL '1 hour', now())
timestamptz | CURRENT_TIMESTAMP                        | now()
timestamptz | transaction_timestamp()                  | CURRENT_TIMESTAMP
timestamp   | LOCALTIMESTAMP                           | now()
timestamp   | CURRENT_TIMESTAMP                        | LOCALTIMESTAMP
date        | CURRENT_DATE                             | now()
date        | CURRENT_DATE                             | (now())::date
time        | LOCALTIME                                | (now())::time
text        | CURRENT_USER                             | USER
text        | CURRENT_ROLE                             | CURRENT_USER
text        | CURRENT_CATALOG                          | current_database()
text        | CURRENT_SCHEMA                           | current_schema()
numeric     | EXTRACT(epoch FROM now())                | pg_catalog.extract('epoch', now())
boolean     | 'f'                                      | false
boolean     | '1'                                      | true
integer     | '0'                                      | 0
bigint      | 0                                        | '0'::integer
integer     | -1                                       | (0 - 1)
numeric(10, 2) | '0.00'                                | 0
double precision | 0                                   | 0.0
text        | 'x'                                      | 'x'::varchar
text        | upper('x')                               | 'X'
varchar(9)  | ''                                       | ''::text
char(3)     | 'a'                                      | 'a  '
text[]      | '{}'                                     | ARRAY[]::varchar[]
jsonb       | '{}'                                     | '{}'::json
jsonb       | '{"a": 1}'                               | '{"a":1}'::jsonb
interval    | '60 minutes'                             | INTERVAL '1 hour'
timestamptz | '2020-01-01 00:00+00'                    | '2020-01-01 01:00+01'
bytea       | ''                                       | '\\x'
uuid        | gen_random_uuid()                        | pg_catalog.gen_random_uuid()
"""

SAME_CONDITIONS = """
substring(x from 1 for 3) = 'a'              | substring(x, 1, 3) = 'a'
substring(x from 2) = 'a'                    | substring(x, 2) = 'a'
substring(x from 1 for 3) = 'a'              | substr(x, 1, 3) = 'a'
substring(x from '^a') = 'a'                 | substring(x, '^a') = 'a'
extract(year from d) > 2000                  | pg_catalog.extract('year', d) > 2000
extract(year from tn) > 2000                 | extract('year' from tn) > 2000
position('a' in x) > 0                       | "position"(x, 'a') > 0
position('a' in x) > 0                       | strpos(x, 'a') > 0
overlay(x placing 'b' from 1 for 2) = 'c'    | "overlay"(x, 'b', 1, 2) = 'c'
trim(x) <> ''                                | btrim(x) <> ''
trim(both 'a' from x) <> ''                  | btrim(x, 'a') <> ''
trim(leading from x) <> ''                   | ltrim(x) <> ''
trim(trailing 'a' from x) <> ''              | rtrim(x, 'a') <> ''
x IS NORMALIZED                              | is_normalized(x)
normalize(x, NFC) = x                        | "normalize"(x, 'NFC') = x
collation for (x) = 'a'                      | pg_collation_for(x) = 'a'
(ts, ts) OVERLAPS (ts, ts)                   | "overlaps"(ts, ts, ts, ts)
ts AT TIME ZONE 'utc' > '2020-01-01'         | timezone('utc', ts) > '2020-01-01'
x COLLATE "C" > 'a'                          | (x COLLATE pg_catalog."C") > 'a'
char_length(x) > 3                           | length(x) > 3
x LIKE 'a%'                                  | x ~~ 'a%'
x NOT ILIKE 'a%'                             | NOT (x ~~* 'a%')
x SIMILAR TO 'a'                             | x ~ similar_to_escape('a')
x IN ('a', 'b')                              | x = ANY (ARRAY['a', 'b'])
v IN ('a', 'b')                              | v::text = ANY (ARRAY['a'::text, 'b'::text])
n IN (1, 2)                                  | n = ANY ('{1,2}')
n NOT IN (1, 2)                              | NOT (n IN (1, 2))
n NOT IN (1, 2)                              | n <> ALL (ARRAY[1, 2])
n IN (1)                                     | n = 1
n BETWEEN 1 AND 5                            | n >= 1 AND n <= 5
n NOT BETWEEN 1 AND 5                        | n < 1 OR n > 5
n BETWEEN SYMMETRIC 1 AND 5                  | n BETWEEN 1 AND 5 OR n BETWEEN 5 AND 1
NOT (n = 1)                                  | n <> 1
NOT (n > 0)                                  | n <= 0
NOT (n > 0 AND b)                            | n <= 0 OR NOT b
n > 0 AND (m > 0 AND b)                      | n > 0 AND m > 0 AND b
n IS NOT NULL                                | NOT (n IS NULL)
n IS DISTINCT FROM 1                         | NOT (n IS NOT DISTINCT FROM 1)
b = true                                     | b
b = false                                    | NOT b
x != ''                                      | x <> ''
cast(n as bigint) > 5                        | n::bigint > 5
n > 1 + 1                                    | n > 2
n + 0.5 > 1                                  | n::numeric + 0.5 > 1
ts > '2020-01-01 00:00+00'                   | ts > TIMESTAMPTZ '2020-01-01 01:00+01'
n < m                                        | m > n
n <= 5                                       | 5 >= n
x <> v                                       | v <> x
n + 1 = m                                    | m = 1 + n
n > 0 AND b                                  | b AND n > 0
(n > 0 OR b) AND x = 'a)'                    | 'a)' = x AND (b OR 0 < n)
n > 0 OR (b AND x = ' {' AND m < n)          | (n > m AND ' {' = x AND b) OR n > 0
r @> 1 AND a && ARRAY['a']                   | ARRAY['a'] && a AND 1 <@ r
lower(x) = v AND NOT b                       | NOT b AND v = lower(x)
"""

SAME_INDEXES = """
(trim(x))                                    | (btrim(x))
(substring(x from 1 for 3), n)               | (substring(x, 1, 3), n)
((tn AT TIME ZONE 'utc'))                    | (timezone('utc', tn))
(extract(year from d) DESC NULLS LAST)       | (pg_catalog.extract('year', d) DESC NULLS LAST)
(trim(x) text_pattern_ops, n)                | (btrim(x) text_pattern_ops, n)
(trim(x) COLLATE "C")                        | (btrim(x) COLLATE "C")
((n * 2))                                    | ((n * (1 + 1)))
((x || ','), lower(x))                       | ((x || ','::text), lower(x))
(n ASC NULLS LAST)                           | (n)
(x text_ops)                                 | (x)
USING gin (to_tsvector('english', trim(x)))  | USING gin (to_tsvector('english'::regconfig, btrim(x)))
USING hash (trim(x))                         | USING hash (btrim(x))
(n) WHERE trim(x) <> ''                      | (n) WHERE btrim(x) <> ''
(n) WHERE n BETWEEN 1 AND 2                  | (n) WHERE n >= 1 AND n <= 2
(n) WHERE b = true                           | (n) WHERE b
(n) WHERE v IN ('a', 'b')                    | (n) WHERE v::text = ANY (ARRAY['a'::text, 'b'::text])
(n) INCLUDE (x) WHERE trim(x) = ') WHERE ('  | (n) INCLUDE (x) WHERE btrim(x) = ') WHERE ('
(trim(x)) WITH (fillfactor = 70) WHERE NOT b | (btrim(x)) WITH (fillfactor = 70) WHERE b = false
(n) WHERE b AND n > m                        | (n) WHERE m < n AND b
"""

SAME_TABLES = """
CREATE TABLE t (x text, y text GENERATED ALWAYS AS (trim(x)) STORED) | CREATE TABLE t (x text, y text GENERATED ALWAYS AS (btrim(x)) STORED)
CREATE TABLE t (r int4range, x text, CONSTRAINT c EXCLUDE USING gist (r WITH &&) WHERE (trim(x) = 'a')) | CREATE TABLE t (r int4range, x text, CONSTRAINT c EXCLUDE USING gist (r WITH &&) WHERE (btrim(x) = 'a'))
CREATE TABLE t (n int, m int, EXCLUDE USING gist (int4range(n, m) WITH &&) DEFERRABLE) | CREATE TABLE t (n int, m int, CONSTRAINT mine EXCLUDE USING gist (int4range(n, m) WITH &&) DEFERRABLE)
CREATE TABLE t (x text) PARTITION BY LIST (trim(x)) | CREATE TABLE t (x text) PARTITION BY LIST (btrim(x))
CREATE TABLE t (x text); CREATE POLICY p ON t USING (trim(x) = 'a') | CREATE TABLE t (x text); CREATE POLICY p ON t USING (btrim(x) = 'a')
CREATE DOMAIN d AS text CHECK (trim(VALUE) <> '') | CREATE DOMAIN d AS text CHECK (btrim(VALUE) <> '')
CREATE DOMAIN d AS text NOT NULL CONSTRAINT c CHECK (VALUE IN ('a')) | CREATE DOMAIN d AS text NOT NULL CONSTRAINT c CHECK (VALUE = 'a')
CREATE TABLE t (x text, CHECK (trim(x) <> ''), CHECK (x <> 'b')) | CREATE TABLE t (x text, CHECK (x <> 'b'), CHECK (btrim(x) <> ''))
CREATE TABLE t (x text, n int, UNIQUE (x), CHECK (x > 'a'), CHECK (x < 'z')) | CREATE TABLE t (x text, n int, CHECK (x < 'z'), CHECK (x > 'a'), UNIQUE (x))
CREATE TABLE t (x text); CREATE INDEX ON t (trim(x)) | CREATE TABLE t (x text); CREATE INDEX t_mine_idx ON t (btrim(x))
CREATE TABLE t (v text); CREATE INDEX i ON t (lower(v)) WHERE v IN ('a', 'b') | CREATE TABLE t (v varchar(9)); CREATE INDEX i ON t (lower(v)) WHERE v IN ('a', 'b'); ALTER TABLE t ALTER v TYPE text
CREATE TABLE t (v varchar(9), CONSTRAINT c CHECK (v <> '')) | CREATE TABLE t (v text, CONSTRAINT c CHECK (v <> '')); ALTER TABLE t ALTER v TYPE varchar(9)
CREATE TABLE "T" ("Trim(" text, CONSTRAINT c CHECK (trim("Trim(") <> '')) | CREATE TABLE "T" ("Trim(" text, CONSTRAINT c CHECK (btrim("Trim(") <> ''))
"""

OTHER_DEFAULTS = """
timestamp   | now()                     | timezone('utc', now())
timestamp   | timezone('utc', now())    | timezone('cet', now())
timestamptz | now()                     | clock_timestamp()
timestamptz | statement_timestamp()     | now()
timestamptz(3) | CURRENT_TIMESTAMP(3)   | CURRENT_TIMESTAMP(0)
text        | 'USER'                    | 'CURRENT_USER'
text        | 'now()'                   | 'CURRENT_TIMESTAMP'
text        | CURRENT_USER              | SESSION_USER
text        | 'a'                       | 'A'
text        | 'a'                       | 'a '
numeric     | 0                         | 0.0
interval    | '1 day'                   | '24:00:00'
jsonb       | '{}'                      | '[]'
date        | CURRENT_DATE              | (now() + interval '1 day')
double precision | EXTRACT(epoch FROM now()) | EXTRACT(epoch FROM clock_timestamp())
integer     | nextval('one')            | nextval('other')
"""

OTHER_CONDITIONS = """
trim(x) <> ''                     | ltrim(x) <> ''
trim(both 'a' from x) <> ''       | trim(both 'b' from x) <> ''
trim(x) <> ''                     | x <> ''
substring(x from 1 for 3) = 'a'   | substring(x from 1 for 4) = 'a'
extract(year from d) > 2000       | extract(month from d) > 2000
extract(year from d) > 2000       | date_part('year', d) > 2000
position('a' in x) > 0            | position(x in 'a') > 0
x COLLATE "C" > 'a'               | x > 'a'
n BETWEEN 1 AND 5                 | n > 1 AND n < 5
n IN (1, 2)                       | n IN (1, 3)
n NOT IN (1, 2)                   | n <> ANY (ARRAY[1, 2])
b IS TRUE                         | b
b IS NOT FALSE                    | b IS TRUE
n > 0 AND b                       | n > 0 OR b
x LIKE 'a%'                       | x ILIKE 'a%'
x = 'USER'                        | x = 'CURRENT_ROLE'
char_length(x) > 3                | octet_length(x) > 3
ts AT TIME ZONE 'utc' > '2020-01-01' | ts AT TIME ZONE 'cet' > '2020-01-01'
n::bigint > 5                     | n::numeric > 5
n < m                             | m < n
n <= m                            | m > n
n - 1 = m                         | 1 - n = m
n > 0 AND NOT b                   | NOT n > 0 AND b
n > 0 AND (b OR x = 'a')          | n > 0 AND b OR x = 'a'
x || v = 'a'                      | v || x = 'a'
r @> 1                            | r @> 2
x LIKE v                          | v LIKE x
"""

OTHER_INDEXES = """
(trim(x))                    | (ltrim(x))
(lower(x))                   | (upper(x))
(trim(x))                    | (btrim(x) DESC)
(trim(x) text_pattern_ops)   | (btrim(x))
(trim(x) COLLATE "C")        | (btrim(x))
(trim(x), n)                 | (n, btrim(x))
(trim(x), n)                 | (btrim(x))
(trim(x)) INCLUDE (n)        | (btrim(x)) INCLUDE (m)
(trim(x)) INCLUDE (n)        | (btrim(x))
(trim(x)) WITH (fillfactor = 70) | (btrim(x))
(trim(x))                    | USING hash (btrim(x))
(trim(x)) WHERE b            | (btrim(x))
(n) WHERE b                  | (n) WHERE NOT b
(n) WHERE n > 1              | (n) WHERE n >= 1
(x)                          | (lower(x))
((n + m))                    | ((m + n))
"""

OTHER_TABLES = """
CREATE TABLE t (x text, y text GENERATED ALWAYS AS (trim(x)) STORED) | CREATE TABLE t (x text, y text GENERATED ALWAYS AS (ltrim(x)) STORED)
CREATE TABLE t (r int4range, x text, CONSTRAINT c EXCLUDE USING gist (r WITH &&) WHERE (trim(x) = 'a')) | CREATE TABLE t (r int4range, x text, CONSTRAINT c EXCLUDE USING gist (r WITH -|-) WHERE (btrim(x) = 'a'))
CREATE TABLE t (x text) PARTITION BY LIST (trim(x)) | CREATE TABLE t (x text) PARTITION BY RANGE (btrim(x))
CREATE DOMAIN d AS text CHECK (trim(VALUE) <> '') | CREATE DOMAIN d AS text CHECK (trim(VALUE) <> 'a')
CREATE TABLE t (x text, CHECK (x > 'a'), CHECK (x < 'z')) | CREATE TABLE t (x text, CHECK (x < 'z'), CHECK (x > 'b'))
CREATE TABLE t (x text, CHECK (x > 'a')) | CREATE TABLE t (x text); ALTER TABLE t ADD CHECK (x > 'a') NOT VALID
CREATE TABLE t (x text); CREATE INDEX ON t (trim(x)) | CREATE TABLE t (x text); CREATE UNIQUE INDEX ON t (btrim(x))
"""


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in line.split(" | ")) for line in table.strip().splitlines()]


def _schemas(defaults: str, conditions: str, indexes: str, tables: str) -> list[tuple[str, str]]:
    sequences = "CREATE SEQUENCE one; CREATE SEQUENCE other; "
    made = [
        tuple(f"{sequences}CREATE TABLE t (a {kind} DEFAULT {value})" for value in values)
        for kind, *values in rows(defaults)
    ]
    made += [
        tuple(f"CREATE TABLE t ({COLUMNS}, CONSTRAINT c CHECK ({value}))" for value in values)
        for values in rows(conditions)
    ]
    made += [
        tuple(f"CREATE TABLE t ({COLUMNS}); CREATE INDEX i ON t {value}" for value in values) for values in rows(indexes)
    ]
    return [(one, other) for one, other in [*made, *rows(tables)]]


def _name(pair: tuple[str, str]) -> str:
    return pair[1].rpartition(f"({COLUMNS}")[2].replace("::", ":")[-60:]


SAME = _schemas(SAME_DEFAULTS, SAME_CONDITIONS, SAME_INDEXES, SAME_TABLES)
OTHER = _schemas(OTHER_DEFAULTS, OTHER_CONDITIONS, OTHER_INDEXES, OTHER_TABLES)


@pytest.fixture(scope="module")
def databases(catalog_server: Server) -> Iterator[tuple[Scratch, Scratch]]:
    """Two databases for all forms of this module."""
    one, other = Scratch(catalog_server), Scratch(catalog_server)
    yield one, other
    one.close()
    other.close()


def differing(databases: tuple[Scratch, Scratch], models: str, migrated: str) -> list[str]:
    one, other = databases
    for scratch, script in ((one, models), (other, migrated)):
        scratch.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        scratch.run(script)
    found = drift(one.read(), other.read(), folded=lambda pairs: fold(one.reading, pairs))
    return [f"{d.severity.value} {d.kind} {d.object}" for d in found]


@pytest.mark.parametrize(("models", "migrated"), SAME, ids=map(_name, SAME))
def test_two_spellings_are_one(databases: tuple[Scratch, Scratch], models: str, migrated: str) -> None:
    assert differing(databases, models, migrated) == []


@pytest.mark.parametrize(("models", "migrated"), OTHER, ids=map(_name, OTHER))
def test_two_expressions_are_two(databases: tuple[Scratch, Scratch], models: str, migrated: str) -> None:
    assert any(found.startswith("error") for found in differing(databases, models, migrated))


def test_folding_leaves_the_connection_as_it_was(databases: tuple[Scratch, Scratch]) -> None:
    differing(databases, *SAME[0])
    settings = "SELECT current_setting('client_min_messages'), current_setting('debug_print_plan')"
    assert databases[0].reading.execute(settings).fetchone() == ("notice", "off")


def test_the_parts_of_a_definition() -> None:
    text = (
        """CREATE UNIQUE INDEX "a (b" ON public."t, (" USING gin (x gin_trgm_ops (siglen='32'), "f("(x, ',)'::text) """
        """COLLATE "C" DESC, ((n * 2))) INCLUDE (m) WITH (fillfactor='70') WHERE (x = ' WHERE ('::text)"""
    )
    found = read_definition(text)
    assert found is not None
    assert (found.method, found.tail) == ("gin", "INCLUDE (m) WITH (fillfactor='70')")
    assert [(e.expression, e.rest) for e in found.elements] == [
        ("", "x gin_trgm_ops (siglen='32')"),
        ("\"f(\"(x, ',)'::text)", 'COLLATE "C" DESC'),
        ("((n * 2))", ""),
    ]
    assert found.predicate == "(x = ' WHERE ('::text)"
