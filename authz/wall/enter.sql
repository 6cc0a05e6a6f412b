-- Finds the trees that the caller is in and shows them to the rest of the transaction. Tells which API key it
-- found, so that the statement looks it up by one index instead of two; what the key gives is judged there.
-- Tells too whether no tree requires a second factor that a person's session has not proved: else each
-- account is asked.
CREATE OR REPLACE FUNCTION mandant_enter(principal bytea, kind text, link bytea)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  person uuid;
  trees text;
  api_key text;
  shared_or_opened boolean;
  further_grants text;
  second_factor boolean := true;
BEGIN
  IF coalesce(kind, 'PERSON') = 'PERSON' THEN
    SELECT user_id, second_factor_at IS NOT NULL INTO person, second_factor
      FROM sessions WHERE digest = principal AND expires_at > now();
  END IF;
  IF person IS NOT NULL THEN
    SELECT string_agg(master_id::text, ','),
        bool_or(shared) OR EXISTS (SELECT FROM break_glass_openings WHERE user_id = person)
      INTO trees, shared_or_opened FROM (
        SELECT master_id, false AS shared FROM memberships WHERE user_id = person
        UNION SELECT master_id, true FROM shares WHERE user_id = person
      ) AS grants;
    further_grants := CASE WHEN shared_or_opened OR link IS NOT NULL THEN '' ELSE 'none' END;
    IF NOT second_factor THEN
      second_factor := NOT EXISTS (
        SELECT FROM second_factor_rules WHERE master_id = ANY (string_to_array(trees, ',')::uuid[]));
    END IF;
    -- Assigned, because to PERFORM it would be one more statement, which takes longer.
    further_grants := set_config('mandant.further_grants', further_grants, true);
  ELSIF coalesce(kind, 'API_KEY') = 'API_KEY' THEN
    SELECT master_id, id INTO trees, api_key FROM api_keys WHERE digest = principal;
    IF NOT FOUND THEN
      SELECT master_id, id INTO trees, api_key FROM api_keys WHERE previous_digest = principal;
    END IF;
    second_factor := true;
    api_key := set_config('mandant.api_key', coalesce(api_key, ''), true);
  END IF;
  IF trees IS NULL AND coalesce(kind, 'NARROWED_TOKEN') = 'NARROWED_TOKEN' THEN
    -- The trees of its accounts, and no other in which its parent may be.
    SELECT string_agg(DISTINCT accounts.master_id::text, ',') INTO trees
      FROM narrowed_tokens AS token JOIN accounts ON accounts.id = ANY(token.account_ids)
      WHERE token.digest = principal AND token.revoked_at IS NULL AND token.expires_at > now() AND (
        accounts.master_id = token.api_key_master_id
        OR EXISTS (SELECT FROM memberships AS held
          WHERE held.user_id = token.user_id AND held.master_id = accounts.master_id)
        OR EXISTS (SELECT FROM shares AS held
          WHERE held.user_id = token.user_id AND held.master_id = accounts.master_id)
      );
    second_factor := NOT EXISTS (
      SELECT FROM second_factor_rules WHERE master_id = ANY (string_to_array(trees, ',')::uuid[]));
  END IF;
  IF link IS NOT NULL THEN
    SELECT concat_ws(',', trees, string_agg(master_id::text, ',')) INTO trees FROM (
      SELECT master_id FROM invitations WHERE digest = link
      UNION SELECT master_id FROM shares WHERE digest = link
    ) AS offers;
  END IF;
  further_grants := set_config(
    'mandant.second_factor', CASE WHEN second_factor THEN 'enough' ELSE '' END, true);
  trees := set_config('mandant.trees', coalesce(trees, ''), true);
  RETURN true;
END
$body$;

-- Shows the rest of the transaction a tree that does not exist yet, and no other.
CREATE OR REPLACE FUNCTION mandant_found(tree uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF EXISTS (SELECT FROM accounts WHERE master_id = tree) THEN
    RAISE EXCEPTION 'the tree exists' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END
$body$;

-- Shows the rest of the transaction the data tables' rows of one tree. The caller names a tree that the first
-- wall let through: nobody is looked up here, because the function runs wherever the tree is. For the same
-- reason it is SET LOCAL, which is told to each of many databases; set_config is not.
CREATE OR REPLACE FUNCTION mandant_enter_tree(tree uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER AS $body$
DECLARE
  entering text := format('SET LOCAL mandant.tree TO %L', coalesce(tree::text, ''));
BEGIN
  EXECUTE entering;
  RETURN true;
END
$body$;
