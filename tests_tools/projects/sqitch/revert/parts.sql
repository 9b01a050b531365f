-- Revert depot:parts from pg

BEGIN;

DROP TABLE depot.parts;
DROP TYPE depot.part_status;

COMMIT;
