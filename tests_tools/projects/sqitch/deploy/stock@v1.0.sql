-- Deploy depot:stock to pg
-- requires: parts

BEGIN;

CREATE TABLE depot.stock (
    part_id bigint NOT NULL REFERENCES depot.parts ON DELETE CASCADE,
    shelf integer NOT NULL,
    pieces integer NOT NULL CHECK (pieces >= 0),
    PRIMARY KEY (part_id, shelf)
);

CREATE VIEW depot.missing AS
    SELECT part_id FROM depot.stock GROUP BY part_id HAVING sum(pieces) = 0;

COMMIT;
