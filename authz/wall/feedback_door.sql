-- Shows the tree of an account to the rest of the transaction, and no other. NULL, and nothing is shown,
-- where there is no such account. The caller has read the account in what the deployment itself has signed.
CREATE OR REPLACE FUNCTION mandant_enter_for_feedback(account uuid)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  tree uuid;
BEGIN
  SELECT found.master_id INTO tree FROM accounts AS found WHERE found.id = mandant_enter_for_feedback.account;
  PERFORM set_config('mandant.trees', coalesce(tree::text, ''), true);
  RETURN tree;
END
$body$;

-- The accounts of all trees that SMS with this sender came from. The caller has verified that the gateway
-- asks, and tells it nothing of them.
CREATE OR REPLACE FUNCTION mandant_accounts_of_sms_sender(sender text)
RETURNS TABLE(tree uuid, account uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
  SELECT found.master_id, found.account_id FROM sms_senders AS found
  WHERE found.sender = mandant_accounts_of_sms_sender.sender
  ORDER BY found.master_id, found.account_id
$body$;
