-- Whether nothing is counted in the cycle any more: its last requests have ended and no reservation is open.
CREATE OR REPLACE FUNCTION mandant_cycle_is_over(tree uuid, cycle uuid)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN EXISTS (
    SELECT FROM send_cycles
    WHERE send_cycles.master_id = tree AND send_cycles.id = cycle
      AND mandant_now() >= send_cycles.ends_at + interval '$last_requests seconds'
  ) AND NOT EXISTS (
    SELECT FROM send_reservations
    WHERE master_id = tree AND cycle_id = cycle AND status = 'RESERVED'
  );
END
$body$;
