CREATE FUNCTION touch_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.written_at := now();
	RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER comment_touched BEFORE UPDATE ON "comments" FOR EACH ROW EXECUTE FUNCTION touch_comment();
