-- Whether there may be more. A request that began to send to a list while it was open has ended an hour
-- later.
CREATE OR REPLACE FUNCTION mandant_delete_ended_lists()
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  most CONSTANT integer := 20;
  gone integer;
BEGIN
  WITH ended AS (
    SELECT master_id, id FROM recipient_lists WHERE expires_at < mandant_now() - interval '1 hour'
    ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
  ), emptied AS (
    DELETE FROM recipient_list_parts AS part USING ended
    WHERE part.master_id = ended.master_id AND part.list_id = ended.id
  )
  DELETE FROM recipient_lists AS list USING ended
  WHERE list.master_id = ended.master_id AND list.id = ended.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone = most;
END
$body$;
