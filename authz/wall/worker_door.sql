-- Lets the transaction into a tree in which something is due, and into no other. False where nothing is.
CREATE OR REPLACE FUNCTION mandant_enter_as_worker(tree uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT EXISTS (SELECT FROM mandant_due(NULL) AS due WHERE due.tree = mandant_enter_as_worker.tree) THEN
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END
$body$;
