-- migrate:up
CREATE FUNCTION loans_of(book uuid) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*) FROM loans WHERE book_id = book;
END;

CREATE FUNCTION returned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.back_at < NEW.lent_at THEN
        RAISE EXCEPTION 'a book comes back after it was lent; not before';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER loan_returned BEFORE UPDATE ON loans FOR EACH ROW EXECUTE FUNCTION returned();

-- migrate:down
DROP TRIGGER loan_returned ON loans;
DROP FUNCTION returned();
DROP FUNCTION loans_of(uuid);
