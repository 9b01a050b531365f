-- migrate:up
ALTER TABLE readers ADD CONSTRAINT readers_email_given CHECK (email IS NOT NULL) NOT VALID;

-- migrate:down
ALTER TABLE readers DROP CONSTRAINT readers_email_given;
