-- Deploy depot:parts to pg
-- requires: schema

\set status depot.part_status

BEGIN;

CREATE TYPE :status AS ENUM ('new', 'worn');

CREATE TABLE depot.parts (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    status :status NOT NULL DEFAULT 'new',
    facts jsonb NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE depot.parts IS 'One row for each part; not for each piece.';

COPY depot.parts (name, facts) FROM stdin;
bolt	{"size": 8}
nut	{"size": 8}
\.

COMMIT;

-- Outside of the transaction: psql commits each statement by itself.
CREATE INDEX CONCURRENTLY parts_name ON depot.parts USING gin (name gin_trgm_ops);
