"""The only way to remove a subscription: the function `first_plan_withdraw`, which runs as its owner.

What an account has, or had, stays for what it is charged; the application can remove none of it. A first plan
that has not begun was never had: with its choices it is removed, as if it had not been chosen.
"""

from models.base.stored_functions import Rights, StoredFunction

_HEAD = "first_plan_withdraw(tree uuid, subscriber uuid) RETURNS void"

_BODY = """
BEGIN
  IF NOT tree = ANY (string_to_array(coalesce(current_setting('mandant.trees', true), ''), ',')::uuid[]) THEN
    RAISE EXCEPTION 'the tree is not open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM subscriptions
    WHERE master_id = tree AND account_id = subscriber AND anchored_at > mandant_now() FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no first plan waits' USING ERRCODE = 'check_violation';
  END IF;
  DELETE FROM plan_choices WHERE master_id = tree AND account_id = subscriber;
  DELETE FROM subscriptions WHERE master_id = tree AND account_id = subscriber;
END"""

FUNCTIONS = (StoredFunction(_HEAD, _BODY, rights=Rights.OWNER),)
