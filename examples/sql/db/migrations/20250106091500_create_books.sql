-- migrate:up
CREATE TYPE shelf AS ENUM ('fiction', 'science', 'history');

CREATE TABLE books (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    title text NOT NULL,
    shelf shelf NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',
    added_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX books_title_trgm ON books USING gin (title gin_trgm_ops);
CREATE INDEX books_shelf_added ON books (shelf, added_at DESC);

-- migrate:down
DROP TABLE books;
DROP TYPE shelf;
