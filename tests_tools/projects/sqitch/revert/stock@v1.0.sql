-- Revert depot:stock from pg

BEGIN;

DROP VIEW depot.missing;
DROP TABLE depot.stock;

COMMIT;
