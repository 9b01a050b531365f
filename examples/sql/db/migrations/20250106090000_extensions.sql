-- migrate:up
CREATE EXTENSION "uuid-ossp";
CREATE EXTENSION pgcrypto;
CREATE EXTENSION pg_trgm;

-- migrate:down
DROP EXTENSION pg_trgm;
DROP EXTENSION pgcrypto;
DROP EXTENSION "uuid-ossp";
