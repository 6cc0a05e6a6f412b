-- Makes the parts of tables that are divided by months: from the last month to three months ahead. How many it
-- made. An id begins with its moment (UUIDv7), so a month is a range of ids.
CREATE OR REPLACE FUNCTION mandant_make_months()
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  divided name;
  month timestamp;
  part text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(6304);
  -- Whoever writes to the table now is not made to wait for long: another minute will do.
  PERFORM set_config('lock_timeout', '2s', true);
  FOR divided IN SELECT months_tables.divided FROM mandant_tables_by_month() AS months_tables LOOP
    FOR ahead IN -1..3 LOOP
      month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
      part := format('%s_%s', divided, to_char(month, 'YYYY_MM'));
      CONTINUE WHEN to_regclass(format('months.%I', part)) IS NOT NULL;
      EXECUTE format(
        'CREATE TABLE months.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
        part, divided, mandant_first_id(month), mandant_first_id(month + interval '1 month'));
      made := made + 1;
    END LOOP;
  END LOOP;
  RETURN made;
END
$body$;

-- Drops the parts whose months ended so many months ago, or before. How many it dropped.
CREATE OR REPLACE FUNCTION mandant_drop_months(kept integer)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  divided name;
  part text;
  oldest text := to_char(
    date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => kept), 'YYYY_MM');
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(6304);
  PERFORM set_config('lock_timeout', '2s', true);
  FOR divided IN SELECT months_tables.divided FROM mandant_tables_by_month() AS months_tables LOOP
    FOR part IN
      SELECT inner_class.relname
      FROM pg_inherits
      JOIN pg_class AS inner_class ON inner_class.oid = inhrelid
      WHERE inhparent = format('public.%I', divided)::regclass AND right(inner_class.relname, 7) < oldest
      ORDER BY inner_class.relname
    LOOP
      EXECUTE format('ALTER TABLE public.%I DETACH PARTITION months.%I', divided, part);
      EXECUTE format('DROP TABLE months.%I', part);
      dropped := dropped + 1;
    END LOOP;
  END LOOP;
  RETURN dropped;
END
$body$;

-- Whether a part of this month, or of the next one, is missing: then nothing could be written soon.
CREATE OR REPLACE FUNCTION mandant_lacks_months()
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
SELECT exists(
  SELECT 1
  FROM mandant_tables_by_month() AS months_tables
  CROSS JOIN generate_series(0, 1) AS ahead
  WHERE to_regclass(format('months.%I', months_tables.divided || to_char(
    date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead), '_YYYY_MM'))) IS NULL
)
$body$;

-- The tables that are divided by months, those first that refer to others: their parts are dropped first.
CREATE OR REPLACE FUNCTION mandant_tables_by_month()
RETURNS TABLE (divided name)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT pg_class.relname
FROM pg_partitioned_table
JOIN pg_class ON pg_class.oid = partrelid
WHERE partstrat = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY (SELECT count(*) FROM pg_constraint WHERE confrelid = partrelid AND contype = 'f'), relname
$body$;

-- The smallest id that is made at this moment of UTC, or later.
CREATE OR REPLACE FUNCTION mandant_first_id(moment timestamp)
RETURNS uuid
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
SELECT rpad(lpad(to_hex(CAST(extract(epoch FROM moment) * 1000 AS bigint)), 12, '0'), 32, '0')::uuid
$body$;
