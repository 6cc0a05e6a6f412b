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
