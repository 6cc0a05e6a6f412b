-- Gives a tree another currency. Returns whether it did: false where an account of the tree has an amount, or
-- a plan with prices in the present one. The application itself can change no tree's currency.
CREATE OR REPLACE FUNCTION currency_correct(tree uuid, wanted text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT tree = ANY(string_to_array(coalesce(current_setting('mandant.trees', true), ''), ',')::uuid[]) THEN
    RAISE EXCEPTION 'the tree is not open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- Whoever books in the tree holds its root in share mode first.
  PERFORM FROM accounts WHERE master_id = tree AND id = tree FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM ledgers WHERE master_id = tree)
    OR EXISTS (SELECT FROM subscriptions WHERE master_id = tree)
    OR EXISTS (SELECT FROM charges WHERE master_id = tree)
    OR EXISTS (SELECT FROM invoices WHERE master_id = tree)
    OR EXISTS (SELECT FROM top_ups WHERE master_id = tree)
    OR EXISTS (SELECT FROM top_up_rules WHERE master_id = tree)
    OR EXISTS (SELECT FROM budgets WHERE master_id = tree AND currency = 'CREDIT')
  THEN
    RETURN false;
  END IF;
  UPDATE accounts SET currency = wanted WHERE master_id = tree AND id = tree;
  RETURN true;
END
$body$;
