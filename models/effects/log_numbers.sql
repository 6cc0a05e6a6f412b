-- The number of the transaction that writes, as the log counts them (see `log_numbers.py`).
CREATE OR REPLACE FUNCTION mandant_log_number()
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN pg_current_xact_id()::text::bigint + coalesce((SELECT ahead FROM log_numbering), 0);
END
$body$;

-- Whether the database counts transactions from lower on than the log has numbered them, as after a restore.
CREATE OR REPLACE FUNCTION mandant_log_is_behind()
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
SELECT coalesce(max(transaction_id) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    + coalesce((SELECT ahead FROM log_numbering), 0), false)
FROM (SELECT transaction_id FROM events ORDER BY id DESC LIMIT 100) AS newest
$body$;

-- Lets the log's numbers go on above all that were ever given, and says whether that was due. They leave a
-- gap that is larger than what a restored database can have lost: cursors of lost events stay below what
-- comes.
CREATE OR REPLACE FUNCTION mandant_log_catch_up()
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT mandant_log_is_behind() THEN
    RETURN false;
  END IF;
  -- Nobody writes with an old number while it changes.
  LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO log_numbering (id, ahead) SELECT 1, max(transaction_id) + $gap FROM events
  ON CONFLICT (id) DO UPDATE SET ahead = excluded.ahead;
  RETURN true;
END
$body$;
