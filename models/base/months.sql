-- Makes the parts of tables that are divided by months: from the last month to three months ahead. Returns
-- how many it made. An id begins with its moment (UUIDv7), so a month is a range of ids.
CREATE OR REPLACE FUNCTION mandant_make_months()
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  divided name;
  ahead integer;
  month timestamp;
  part text;
  command text;
  made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock($months);
  -- Whoever writes to the table now is not made to wait for long: another minute will do.
  PERFORM set_config('lock_timeout', '2s', true);
  FOR divided IN SELECT months_tables.divided FROM mandant_tables_by_month() AS months_tables LOOP
    FOR ahead IN SELECT generate_series(-1, 3) LOOP
      month := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead);
      part := format('%s_%s', divided, to_char(month, 'YYYY_MM'));
      IF to_regclass(format('months.%I', part)) IS NULL THEN
        command := format(
          'CREATE TABLE months.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
          part, divided, mandant_first_id(month), mandant_first_id(month + interval '1 month'));
        EXECUTE command;
        made := made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END
$body$;

-- Drops the table's parts whose months ended so many months ago, or before. Returns how many it dropped. To
-- be called for one table in a transaction: who waits for the next one must not hold what others wait for.
CREATE OR REPLACE FUNCTION mandant_drop_months(of_table name, kept integer)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  part text;
  command text;
  oldest text := to_char(
    date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => kept), 'YYYY_MM');
  dropped integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock($months);
  PERFORM set_config('lock_timeout', '2s', true);
  FOR part IN
    SELECT inner_class.relname
    FROM pg_inherits
    JOIN pg_class AS inner_class ON inner_class.oid = inhrelid
    WHERE
      inhparent = (
        SELECT to_regclass(format('public.%I', divided))
        FROM mandant_tables_by_month()
        WHERE divided = of_table
      )
      AND right(inner_class.relname, 7) < oldest
    ORDER BY inner_class.relname
  LOOP
    command := format('ALTER TABLE public.%I DETACH PARTITION months.%I', of_table, part);
    EXECUTE command;
    command := format('DROP TABLE months.%I', part);
    EXECUTE command;
    dropped := dropped + 1;
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

-- The tables that are divided by months, in the order in which their parts are dropped: those first that
-- refer to others, and those last that are divided by the ids of others. So nobody finds a message whose
-- events have no part.
CREATE OR REPLACE FUNCTION mandant_tables_by_month()
RETURNS TABLE (divided name)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT pg_class.relname
FROM pg_partitioned_table
JOIN pg_class ON pg_class.oid = partrelid
JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
WHERE partstrat = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY
  attname <> 'id', (SELECT count(*) FROM pg_constraint WHERE confrelid = partrelid AND contype = 'f'), relname
$body$;

-- The smallest id that the table has a part for. Who has locked the table knows that the part stays.
CREATE OR REPLACE FUNCTION mandant_first_kept_id(divided name)
RETURNS uuid
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT mandant_first_id(to_date(right(min(relname::text), 7), 'YYYY_MM')::timestamp)
FROM pg_inherits
JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = to_regclass(format('public.%I', divided)) AND relnamespace = to_regnamespace('months')
$body$;

-- The smallest id that is made at this moment of UTC, or later.
CREATE OR REPLACE FUNCTION mandant_first_id(moment timestamp)
RETURNS uuid
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
SELECT rpad(lpad(to_hex((date_part('epoch', moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$body$;
