-- create guests
-- depends: 

CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TYPE meal AS ENUM ('none', 'breakfast; dinner');
CREATE TABLE guests (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    meal meal NOT NULL DEFAULT 'none',
    wishes jsonb NOT NULL DEFAULT '{}'
);
