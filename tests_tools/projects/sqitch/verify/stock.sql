-- Verify depot:stock on pg

BEGIN;

SELECT half FROM depot.stock WHERE false;

ROLLBACK;
