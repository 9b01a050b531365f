-- Revert depot:schema from pg

BEGIN;

DROP EXTENSION pg_trgm;
DROP SCHEMA depot;

COMMIT;
