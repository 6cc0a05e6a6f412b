-- The cycles with reservations that have expired.
CREATE OR REPLACE FUNCTION mandant_reservations_to_expire()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  lapsed.master_id,
  lapsed.cycle_id
FROM send_reservations AS lapsed
WHERE lapsed.status = 'RESERVED' AND lapsed.expires_at <= mandant_now()
$body$;

-- The cycles that have ended and are not closed yet.
CREATE OR REPLACE FUNCTION mandant_cycles_to_close()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  cycle.master_id,
  cycle.id
FROM send_cycles AS cycle
WHERE cycle.closed_at IS NULL AND cycle.ends_at <= mandant_now()
  AND mandant_cycle_is_over(cycle.master_id, cycle.id)
$body$;
