-- Verify depot:stock on pg

BEGIN;

SELECT part_id FROM depot.missing WHERE false;

ROLLBACK;
