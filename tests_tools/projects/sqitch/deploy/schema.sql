-- Deploy depot:schema to pg

BEGIN;

CREATE SCHEMA depot;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

COMMIT;
