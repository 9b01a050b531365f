-- migrate:up
ALTER TYPE shelf ADD VALUE 'maps';

-- migrate:down
