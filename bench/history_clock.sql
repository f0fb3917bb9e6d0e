CREATE FUNCTION pg_temp.at(n bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT '{now}'::timestamptz - ({rows} - n)::float8 / {rows} * interval '{days} days' $$;

-- A UUIDv7.
CREATE FUNCTION pg_temp.run_id(n bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM pg_temp.at(n)) * 1000)::bigint), 12, '0') || '7'
        || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid $$;
