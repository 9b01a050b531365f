-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY loans_lent ON loans (lent_at);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY loans_lent;
