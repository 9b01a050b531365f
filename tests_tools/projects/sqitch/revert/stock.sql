-- Revert depot:stock from pg

BEGIN;

ALTER TABLE depot.stock DROP CONSTRAINT stock_pkey;
ALTER TABLE depot.stock ADD PRIMARY KEY (part_id, shelf);
ALTER TABLE depot.stock DROP COLUMN half;

COMMIT;
