-- Shows a tree to the rest of the transaction, and no other, if the worker with this lease is at work on a
-- webhook of it. False, and nothing is shown, where it is not, or not any more.
CREATE OR REPLACE FUNCTION mandant_enter_for_webhook(tree uuid, webhook uuid, lease uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT EXISTS (
    SELECT FROM webhooks AS found
    WHERE found.master_id = mandant_enter_for_webhook.tree
      AND found.id = mandant_enter_for_webhook.webhook
      AND found.lease = mandant_enter_for_webhook.lease
      AND found.lease_ends_at > now()
  ) THEN
    PERFORM set_config('mandant.trees', '', true);
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END
$body$;
