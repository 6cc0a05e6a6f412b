-- Puts a job in, for now where run_at is null or past. A job for later waits until the next ten seconds are
-- full and serves all that are put in for then: a subscription has few of them, however much it sends.
CREATE OR REPLACE FUNCTION mandant_enqueue(kind text, tree uuid, subject uuid, run_at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
DECLARE
  later boolean := coalesce(run_at > mandant_now(), false);
  full_tens bigint := ceil(extract(EPOCH FROM now() + (run_at - mandant_now())) / 10);
  key text := CASE WHEN later THEN concat_ws(' ', kind, tree, subject, full_tens) END;
BEGIN
  -- Looked for first: an INSERT notifies the workers whether or not it inserts, and transactions that notify
  -- are committed one after the other.
  IF later AND EXISTS (
    SELECT FROM pgq.pgqueuer
    WHERE dedupe_key = key AND dedupe_key IS NOT NULL AND status IN ('queued', 'picked')
  ) THEN
    RETURN;
  END IF;
  WITH queued AS (
    INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
    VALUES (
      $priority, kind, convert_to(concat_ws(' ', tree, subject), 'UTF8'),
      CASE WHEN later THEN to_timestamp(full_tens * 10) ELSE now() END, key, 'queued'
    ) ON CONFLICT DO NOTHING RETURNING id, priority, entrypoint, status
  )
  INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint)
  SELECT id, status, priority, entrypoint FROM queued;
END
$body$;
