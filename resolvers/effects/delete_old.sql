-- Whether it stopped at $batch rows. Rows that somebody else holds are left to the next call.
CREATE OR REPLACE FUNCTION mandant_delete_old_$name()
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  gone integer;
BEGIN
  WITH old AS (
    SELECT $key FROM $table
    WHERE $since < now() - interval '$days days' AND $only
    ORDER BY $since LIMIT $batch FOR UPDATE SKIP LOCKED
  )
  DELETE FROM $table AS kept USING old WHERE $same;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone = $batch;
END
$body$;
