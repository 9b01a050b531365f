DROP TABLE guests;
DROP TYPE meal;
DROP EXTENSION pgcrypto;
