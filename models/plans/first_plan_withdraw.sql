-- Removes a first plan that has not begun, with its choices. What an account has or had stays, since it is
-- charged for it: the application itself can delete no subscription.
CREATE OR REPLACE FUNCTION first_plan_withdraw(tree uuid, subscriber uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT tree = ANY(string_to_array(coalesce(current_setting('mandant.trees', true), ''), ',')::uuid[]) THEN
    RAISE EXCEPTION 'the tree is not open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM subscriptions
    WHERE master_id = tree AND account_id = subscriber AND anchored_at > mandant_now() FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no first plan waits' USING ERRCODE = 'check_violation';
  END IF;
  DELETE FROM plan_choices WHERE master_id = tree AND account_id = subscriber;
  DELETE FROM subscriptions WHERE master_id = tree AND account_id = subscriber;
END
$body$;
