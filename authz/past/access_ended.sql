-- Who lost and gained what when something ended by itself at a moment: these people and keys, in the accounts
-- and all below them. Of $most places of an account and a holder, so in fewer accounts for many holders;
-- `is_cut`: there are more.
CREATE OR REPLACE FUNCTION mandant_access_ended(
  account_ids uuid[], people uuid[], keys uuid[], ends_at timestamptz
)
RETURNS TABLE (account_id uuid, user_id uuid, api_key_id uuid, gained bigint, lost bigint, is_cut boolean)
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  most integer := greatest(1, $most / (cardinality(people) + cardinality(keys)));
  asked uuid[] := ARRAY(
    SELECT DISTINCT descendant_id FROM account_closure WHERE ancestor_id = ANY(account_ids)
    ORDER BY descendant_id LIMIT most + 1);
BEGIN
  RETURN QUERY
    SELECT coalesce(old.account_id, new.account_id),
      coalesce(old.user_id, new.user_id), coalesce(old.api_key_id, new.api_key_id),
      coalesce(new.mask, 0) & ~coalesce(old.mask, 0), coalesce(old.mask, 0) & ~coalesce(new.mask, 0),
      cardinality(asked) > most
    FROM past.access_of(asked[:most], people, keys, ends_at - interval '1 microsecond') AS old
    FULL JOIN past.access_of(asked[:most], people, keys, ends_at) AS new
      ON new.account_id = old.account_id
      AND coalesce(new.user_id, new.api_key_id) = coalesce(old.user_id, old.api_key_id)
    WHERE old.mask IS DISTINCT FROM new.mask;
END
$body$;
