-- Verify depot:schema on pg

BEGIN;

SELECT pg_catalog.has_schema_privilege('depot', 'usage');

ROLLBACK;
