-- migrate:up
CREATE TABLE readers (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    card text NOT NULL UNIQUE DEFAULT encode(gen_random_bytes(6), 'hex'),
    name text NOT NULL
);

CREATE TABLE loans (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    book_id uuid NOT NULL REFERENCES books ON DELETE CASCADE,
    reader_id bigint NOT NULL REFERENCES readers ON DELETE CASCADE,
    lent_at timestamptz NOT NULL DEFAULT now(),
    back_at timestamptz
);

CREATE INDEX loans_book ON loans (book_id);
CREATE INDEX loans_reader ON loans (reader_id, lent_at DESC);

-- migrate:down
DROP TABLE loans;
DROP TABLE readers;
