-- Deploy depot:stock to pg
-- requires: stock@v1.0

BEGIN;

ALTER TABLE depot.stock ADD COLUMN half boolean NOT NULL DEFAULT false;
ALTER TABLE depot.stock DROP CONSTRAINT stock_pkey;
ALTER TABLE depot.stock ADD PRIMARY KEY (part_id, shelf, half);

COMMIT;
