-- migrate:up
ALTER TABLE readers ADD COLUMN email text;

-- migrate:down
ALTER TABLE readers DROP COLUMN email;
