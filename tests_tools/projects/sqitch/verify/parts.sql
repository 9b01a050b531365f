-- Verify depot:parts on pg

BEGIN;

SELECT id, name, status, facts FROM depot.parts WHERE false;

ROLLBACK;
