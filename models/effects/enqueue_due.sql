-- Puts in a job of these kinds for all that is due and has none in the queue. How many, at most so many. What
-- is in the queue already is left to its job: it is ready, at work, about to be tried again, or held after
-- too many failures. Only a job for a later moment does not count.
CREATE OR REPLACE FUNCTION mandant_enqueue_due(most integer, kinds text[])
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  number integer;
BEGIN
  -- Nothing may be due, or thousands: a plan that was made for the one would not end for the other.
  PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
  WITH missing AS (
    SELECT due.kind, convert_to(concat_ws(' ', due.tree, due.subject), 'UTF8') AS about
    FROM mandant_due(kinds) AS due
    EXCEPT
    SELECT entrypoint, payload FROM pgq.pgqueuer
    WHERE status <> 'queued' OR attempts > 0 OR execute_after <= now()
  ), fresh AS (
    INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, dedupe_key, status)
    SELECT $priority, kind, about, concat_ws(' ', kind, convert_from(about, 'UTF8')), 'queued'
    FROM missing
    ORDER BY $priority DESC LIMIT most
    ON CONFLICT DO NOTHING RETURNING id, priority, entrypoint, status
  ), logged AS (
    INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, status, priority, entrypoint FROM fresh
  )
  SELECT count(*) INTO number FROM fresh;
  RETURN number;
END
$body$;
