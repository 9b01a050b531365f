-- migrate:up
ALTER TABLE readers VALIDATE CONSTRAINT readers_email_given;

-- migrate:down
ALTER TABLE readers DROP CONSTRAINT readers_email_given;
ALTER TABLE readers ADD CONSTRAINT readers_email_given CHECK (email IS NOT NULL) NOT VALID;
