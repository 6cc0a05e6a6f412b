-- Whether an account, or one above it, requires a second factor and the session with this digest has proved
-- none. Of a digest that is no session's it answers as of a session without a factor. The service that single
-- sign-on of the tree trusts asks for factors itself. A narrowed token has proved what its session has.
CREATE OR REPLACE FUNCTION mandant_second_factor_bars(principal bytea, tree uuid, account uuid)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN EXISTS (
    SELECT FROM account_closure AS path
    JOIN second_factor_rules AS rule ON rule.master_id = path.master_id AND rule.account_id = path.ancestor_id
    WHERE path.master_id = tree AND path.descendant_id = account
  ) AND NOT EXISTS (
    SELECT FROM sessions
    WHERE digest = principal AND expires_at > now()
      AND (second_factor_at IS NOT NULL OR sign_on_master_id = tree)
  ) AND NOT EXISTS (
    SELECT FROM narrowed_tokens AS token LEFT JOIN sessions ON sessions.digest = token.root_digest
    WHERE token.digest = principal AND (
      token.api_key_id IS NOT NULL OR second_factor_at IS NOT NULL OR sign_on_master_id = tree)
  );
END
$body$;

-- Notes whether the session with this digest has proved a second factor.
CREATE OR REPLACE FUNCTION mandant_prove_second_factor(principal bytea)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  UPDATE sessions SET second_factor_at = now() WHERE digest = principal;
END
$body$;

-- Forgets that sessions of the person have proved a factor, because it has none any more.
CREATE OR REPLACE FUNCTION mandant_forget_second_factor(person uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  UPDATE sessions SET second_factor_at = NULL WHERE user_id = person AND second_factor_at IS NOT NULL;
END
$body$;

-- Whether an account that the person is a member or guest of requires a second factor.
CREATE OR REPLACE FUNCTION mandant_needs_second_factor(person uuid)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN (
    SELECT count(*) > 0 FROM (
      SELECT master_id, account_id FROM memberships
        WHERE user_id = person AND (expires_at IS NULL OR expires_at > now())
      UNION ALL SELECT opened.master_id, opened.account_id FROM shares
        JOIN share_accounts AS opened ON opened.master_id = shares.master_id AND opened.share_id = shares.id
        WHERE user_id = person AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ) AS held
    JOIN account_closure AS path ON path.master_id = held.master_id
      AND (path.descendant_id = held.account_id OR path.ancestor_id = held.account_id)
    JOIN second_factor_rules AS rule ON rule.master_id = path.master_id
      AND rule.account_id IN (path.ancestor_id, path.descendant_id)
  );
END
$body$;
