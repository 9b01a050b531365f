-- A stand-in for pgcrypto in SQL. Digests, HMAC, armor and randomness are complete; what needs ciphers raises.

CREATE FUNCTION digest(bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    message CONSTANT bytea := $1;
    algorithm CONSTANT text := pg_catalog.lower($2);
    hash bytea := '';
    mask CONSTANT bigint := 4294967295;
    padded bytea := message || '\x80'::bytea
        || pg_catalog.decode(pg_catalog.repeat('00', (119 - pg_catalog.length(message) % 64) % 64), 'hex')
        || pg_catalog.int8send(pg_catalog.length(message)::bigint * 8);
    state bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
BEGIN
    CASE algorithm
        WHEN 'md5' THEN RETURN pg_catalog.decode(pg_catalog.md5(message), 'hex');
        WHEN 'sha224' THEN RETURN pg_catalog.sha224(message);
        WHEN 'sha256' THEN RETURN pg_catalog.sha256(message);
        WHEN 'sha384' THEN RETURN pg_catalog.sha384(message);
        WHEN 'sha512' THEN RETURN pg_catalog.sha512(message);
        WHEN 'sha1' THEN NULL;
        ELSE
            RAISE EXCEPTION 'Cannot use "%": No such hash algorithm', algorithm USING ERRCODE = 'invalid_parameter_value';
    END CASE;
    -- SHA-1, FIPS 180-4: PostgreSQL has no function of its own for it.
    FOR block IN 0 .. pg_catalog.length(padded) / 64 - 1 LOOP
        FOR i IN 0 .. 15 LOOP
            t := block * 64 + i * 4;
            w[i] := (pg_catalog.get_byte(padded, t::int)::bigint << 24) | (pg_catalog.get_byte(padded, t::int + 1) << 16)
                | (pg_catalog.get_byte(padded, t::int + 2) << 8) | pg_catalog.get_byte(padded, t::int + 3);
        END LOOP;
        FOR i IN 16 .. 79 LOOP
            t := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
            w[i] := ((t << 1) | (t >> 31)) & mask;
        END LOOP;
        a := state[1]; b := state[2]; c := state[3]; d := state[4]; e := state[5];
        FOR i IN 0 .. 79 LOOP
            IF i < 20 THEN
                f := (b & c) | ((~b & mask) & d); k := 1518500249;
            ELSIF i < 40 THEN
                f := b # c # d; k := 1859775393;
            ELSIF i < 60 THEN
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            ELSE
                f := b # c # d; k := 3395469782;
            END IF;
            t := (((a << 5) | (a >> 27)) & mask) + f + e + k + w[i];
            e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := t & mask;
        END LOOP;
        state := ARRAY[(state[1] + a) & mask, (state[2] + b) & mask, (state[3] + c) & mask, (state[4] + d) & mask,
            (state[5] + e) & mask];
    END LOOP;
    FOR i IN 1 .. 5 LOOP
        hash := hash || pg_catalog.substr(pg_catalog.int8send(state[i]), 5);
    END LOOP;
    RETURN hash;
END $$;

CREATE FUNCTION digest(text, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    result bytea;
BEGIN
    -- The extension can be moved to another schema, so its own functions are looked up.
    EXECUTE (SELECT pg_catalog.format('SELECT %s.digest($1::bytea, $2)', extnamespace::pg_catalog.regnamespace)
        FROM pg_catalog.pg_extension WHERE extname = 'pgcrypto')
    INTO result USING pg_catalog.convert_to($1, pg_catalog.getdatabaseencoding()), $2;
    RETURN result;
END $$;

CREATE FUNCTION hmac(bytea, bytea, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    data ALIAS FOR $1;
    key ALIAS FOR $2;
    type ALIAS FOR $3;
    place text := (SELECT extnamespace::pg_catalog.regnamespace::text FROM pg_catalog.pg_extension
        WHERE extname = 'pgcrypto');
    digest text := pg_catalog.format('SELECT %s.digest($1::bytea, $2)', place);
    size int := CASE WHEN pg_catalog.lower(type) IN ('sha384', 'sha512') THEN 128 ELSE 64 END;
    padded bytea := key;
    inner_key bytea;
    outer_key bytea;
    result bytea;
BEGIN
    IF pg_catalog.length(padded) > size THEN
        EXECUTE digest INTO padded USING padded, type;
    END IF;
    padded := padded || pg_catalog.decode(pg_catalog.repeat('00', size - pg_catalog.length(padded)), 'hex');
    inner_key := padded;
    outer_key := padded;
    FOR i IN 0 .. size - 1 LOOP
        inner_key := pg_catalog.set_byte(inner_key, i, pg_catalog.get_byte(padded, i) # 54);
        outer_key := pg_catalog.set_byte(outer_key, i, pg_catalog.get_byte(padded, i) # 92);
    END LOOP;
    EXECUTE digest INTO result USING inner_key || data, type;
    EXECUTE digest INTO result USING outer_key || result, type;
    RETURN result;
END $$;

CREATE FUNCTION hmac(text, text, text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    data ALIAS FOR $1;
    key ALIAS FOR $2;
    type ALIAS FOR $3;
    encoding CONSTANT text := pg_catalog.getdatabaseencoding();
    result bytea;
BEGIN
    EXECUTE (SELECT pg_catalog.format('SELECT %s.hmac($1::bytea, $2::bytea, $3)', extnamespace::pg_catalog.regnamespace)
        FROM pg_catalog.pg_extension WHERE extname = 'pgcrypto')
    INTO result USING pg_catalog.convert_to(data, encoding), pg_catalog.convert_to(key, encoding), type;
    RETURN result;
END $$;

CREATE FUNCTION gen_random_uuid() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$SELECT pg_catalog.gen_random_uuid()$$;

-- PostgreSQL's strong randomness comes out of its UUIDs, 122 bits of each; SHA-256 of three of them has more than it holds.
CREATE FUNCTION gen_random_bytes(integer) RETURNS bytea
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
DECLARE
    wanted ALIAS FOR $1;
    result bytea := '';
BEGIN
    IF wanted < 1 OR wanted > 1024 THEN
        RAISE EXCEPTION 'Length not in range' USING ERRCODE = 'external_routine_invocation_exception';
    END IF;
    WHILE pg_catalog.length(result) < wanted LOOP
        result := result || pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
            || pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) || pg_catalog.uuid_send(pg_catalog.gen_random_uuid()));
    END LOOP;
    RETURN pg_catalog.substr(result, 1, wanted);
END $$;

CREATE FUNCTION armor(bytea, text[], text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    data ALIAS FOR $1;
    keys ALIAS FOR $2;
    vals ALIAS FOR $3;
    crc int := 11994318;
    headers text := '';
BEGIN
    IF pg_catalog.array_ndims(keys) > 1 OR pg_catalog.array_ndims(vals) > 1 THEN
        RAISE EXCEPTION 'wrong number of array subscripts' USING ERRCODE = 'array_subscript_error';
    END IF;
    IF coalesce(pg_catalog.array_length(keys, 1), 0) <> coalesce(pg_catalog.array_length(vals, 1), 0) THEN
        RAISE EXCEPTION 'mismatched array dimensions' USING ERRCODE = 'array_subscript_error';
    END IF;
    FOR i IN 1 .. coalesce(pg_catalog.array_length(keys, 1), 0) LOOP
        headers := headers || keys[i] || ': ' || vals[i] || E'\n';
    END LOOP;
    FOR i IN 0 .. pg_catalog.length(data) - 1 LOOP
        crc := crc # (pg_catalog.get_byte(data, i) << 16);
        FOR bit IN 1 .. 8 LOOP
            crc := crc << 1;
            IF crc & 16777216 <> 0 THEN
                crc := crc # 25578747;
            END IF;
        END LOOP;
    END LOOP;
    RETURN E'-----BEGIN PGP MESSAGE-----\n' || headers || E'\n'
        || pg_catalog.regexp_replace(pg_catalog.encode(data, 'base64'), '([^\n])$', E'\\1\n') || '='
        || pg_catalog.encode(pg_catalog.substr(pg_catalog.int4send(crc & 16777215), 2), 'base64')
        || E'\n-----END PGP MESSAGE-----\n';
END $$;

CREATE FUNCTION armor(bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    result text;
BEGIN
    EXECUTE (SELECT pg_catalog.format('SELECT %s.armor($1, $2, $3)', extnamespace::pg_catalog.regnamespace)
        FROM pg_catalog.pg_extension WHERE extname = 'pgcrypto')
    INTO result USING $1, ARRAY[]::text[], ARRAY[]::text[];
    RETURN result;
END $$;

CREATE FUNCTION dearmor(text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain CONSTANT text := pg_catalog.replace($1, E'\r', '');
    body text := pg_catalog.substring(plain,
        E'-----BEGIN [^\n]*-----\n(?:[^\n]+\n)*?\n((?:[A-Za-z0-9+/=]+\n)*?)=[A-Za-z0-9+/]{4}\n-----END ');
BEGIN
    IF body IS NULL THEN
        RAISE EXCEPTION 'Corrupt ascii-armor' USING ERRCODE = 'external_routine_invocation_exception';
    END IF;
    RETURN pg_catalog.decode(body, 'base64');
END $$;

CREATE FUNCTION pgp_armor_headers(text, key OUT text, value OUT text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT parts[1], parts[2]
    FROM pg_catalog.regexp_split_to_table(
        pg_catalog.substring(pg_catalog.replace($1, E'\r', ''), E'-----BEGIN [^\n]*-----\n((?:[^\n]+\n)*?)\n'), E'\n'
    ) AS line
    CROSS JOIN LATERAL pg_catalog.regexp_match(line, '^(.*?): (.*)$') AS parts
    WHERE parts IS NOT NULL
$$;

-- Ciphers.

CREATE FUNCTION crypt(text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: crypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION gen_salt(text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: gen_salt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION gen_salt(text, integer) RETURNS text LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: gen_salt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION encrypt(bytea, bytea, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: encrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION encrypt_iv(bytea, bytea, bytea, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: encrypt_iv() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION decrypt(bytea, bytea, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: decrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION decrypt_iv(bytea, bytea, bytea, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: decrypt_iv() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_encrypt(text, text) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_encrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_encrypt_bytea(bytea, text) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_encrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_decrypt(bytea, text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_decrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_decrypt_bytea(bytea, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_decrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_encrypt(text, bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_encrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_encrypt_bytea(bytea, bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_encrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_encrypt(text, text, text) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_encrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_encrypt_bytea(bytea, text, text) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_encrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_decrypt(bytea, text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_decrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_sym_decrypt_bytea(bytea, text, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_sym_decrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_encrypt(text, bytea, text) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_encrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_encrypt_bytea(bytea, bytea, text) RETURNS bytea LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_encrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_decrypt(bytea, bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_decrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_decrypt_bytea(bytea, bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_decrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_decrypt(bytea, bytea, text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_decrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_decrypt_bytea(bytea, bytea, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_decrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_decrypt(bytea, bytea, text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_decrypt() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_pub_decrypt_bytea(bytea, bytea, text, text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_pub_decrypt_bytea() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;

CREATE FUNCTION pgp_key_id(bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RAISE EXCEPTION 'pgcrypto: pgp_key_id() needs code in C, which the embedded PostgreSQL has not'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = 'This is the stand-in of pytest-migcheck for pgcrypto, written in SQL.',
            HINT = 'Run on a PostgreSQL that has pgcrypto: --migcheck-postgres=local, docker, or a URL.';
END $$;
