-- A stand-in for uuid-ossp in SQL: the same functions, by RFC 9562 and with PostgreSQL's own randomness.

CREATE FUNCTION uuid_nil() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$SELECT '00000000-0000-0000-0000-000000000000'::uuid$$;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_ns_url() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$SELECT '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$SELECT '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid$$;

-- Version 1: 60 bits of 100 ns since 1582-10-15, 14 bits of clock sequence, 48 bits of node; the node is random,
-- with the multicast bit that says so.
CREATE FUNCTION uuid_generate_v1() RETURNS uuid
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
DECLARE
    ticks bigint := floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint * 10
        + 122192928000000000 + floor(pg_catalog.random() * 10)::bigint;
    noise text := pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '');
    hex text := pg_catalog.lpad(pg_catalog.to_hex(ticks), 15, '0');
    node text := pg_catalog.lpad(pg_catalog.to_hex(('x' || pg_catalog.substr(noise, 1, 2))::bit(8)::int | 1), 2, '0')
        || pg_catalog.substr(noise, 3, 10);
    clock text := pg_catalog.to_hex((('x' || pg_catalog.substr(noise, 29, 4))::bit(16)::int & 16383) | 32768);
BEGIN
    RETURN (pg_catalog.substr(hex, 8, 8) || pg_catalog.substr(hex, 4, 4) || '1' || pg_catalog.substr(hex, 1, 3)
        || clock || node)::uuid;
END $$;

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid
LANGUAGE plpgsql VOLATILE STRICT PARALLEL SAFE AS $$
DECLARE
    ticks bigint := floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint * 10
        + 122192928000000000 + floor(pg_catalog.random() * 10)::bigint;
    noise text := pg_catalog.replace(pg_catalog.gen_random_uuid()::text, '-', '');
    hex text := pg_catalog.lpad(pg_catalog.to_hex(ticks), 15, '0');
    node text := pg_catalog.lpad(pg_catalog.to_hex(('x' || pg_catalog.substr(noise, 1, 2))::bit(8)::int | 1), 2, '0')
        || pg_catalog.substr(noise, 3, 10);
    clock text := pg_catalog.to_hex((('x' || pg_catalog.substr(noise, 29, 4))::bit(16)::int & 16383) | 32768);
BEGIN
    RETURN (pg_catalog.substr(hex, 8, 8) || pg_catalog.substr(hex, 4, 4) || '1' || pg_catalog.substr(hex, 1, 3)
        || clock || node)::uuid;
END $$;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    hash bytea := pg_catalog.decode(pg_catalog.md5(pg_catalog.uuid_send(namespace)
        || pg_catalog.convert_to(name, pg_catalog.getdatabaseencoding())), 'hex');
BEGIN
    hash := pg_catalog.set_byte(hash, 6, (pg_catalog.get_byte(hash, 6) & 15) | 48);
    hash := pg_catalog.set_byte(hash, 8, (pg_catalog.get_byte(hash, 8) & 63) | 128);
    RETURN pg_catalog.encode(hash, 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid
LANGUAGE sql VOLATILE STRICT PARALLEL SAFE AS $$SELECT pg_catalog.gen_random_uuid()$$;

CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    message bytea := pg_catalog.uuid_send(namespace)
        || pg_catalog.convert_to(name, pg_catalog.getdatabaseencoding());
    hash bytea := '';
    mask CONSTANT bigint := 4294967295;
    padded bytea := message || '\x80'::bytea
        || pg_catalog.decode(pg_catalog.repeat('00', (119 - pg_catalog.length(message) % 64) % 64), 'hex')
        || pg_catalog.int8send(pg_catalog.length(message)::bigint * 8);
    state bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; t bigint;
BEGIN
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
    hash := pg_catalog.substr(hash, 1, 16);
    hash := pg_catalog.set_byte(hash, 6, (pg_catalog.get_byte(hash, 6) & 15) | 80);
    hash := pg_catalog.set_byte(hash, 8, (pg_catalog.get_byte(hash, 8) & 63) | 128);
    RETURN pg_catalog.encode(hash, 'hex')::uuid;
END $$;
