-- create rooms
-- depends: 20261126_01_7HouJ-create-guests

CREATE TABLE rooms (
    number integer PRIMARY KEY,
    guest_id uuid REFERENCES guests ON DELETE SET NULL,
    taken_at timestamptz
);
CREATE FUNCTION room_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.taken_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER taken BEFORE UPDATE OF guest_id ON rooms FOR EACH ROW EXECUTE FUNCTION room_taken();
