-- The JSON of a text column; NULL where the text is no JSON. PostgreSQL can't turn \u0000 and halves of surrogate pairs
-- into text, so they are replaced in what queries see. What is stored stays as it is.
CREATE FUNCTION m0_json(t text) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
	IF strpos(t, '\u0000') > 0 OR strpos(t, '\ud') > 0 THEN
		RETURN regexp_replace(t, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')::json;
	END IF;
	RETURN t::json;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END;
$$;
--> statement-breakpoint
-- The array in a field; NULL where there is none.
CREATE FUNCTION m0_array(j json, field text) RETURNS json LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT CASE WHEN json_typeof(j -> field) = 'array' THEN j -> field END
$$;
--> statement-breakpoint
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the audit record is append-only';
END;
$$;
--> statement-breakpoint
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
--> statement-breakpoint
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
--> statement-breakpoint
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
--> statement-breakpoint
-- Keeps a writer from forking the chain.
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	newest record;
BEGIN
	SELECT id, hash INTO newest FROM audit ORDER BY id DESC LIMIT 1;
	IF NEW.id <= newest.id OR NEW.prev_hash <> coalesce(newest.hash, repeat('0', 64)) THEN
		RAISE EXCEPTION 'the audit record only grows at its end';
	END IF;
	RETURN NEW;
END;
$$;
--> statement-breakpoint
CREATE TRIGGER audit_extends_chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_grows();
