-- Shows a tree to the rest of the transaction, and no other, if its master account has single sign-on. The
-- caller is about to check, or has checked, what the tree's issuer has signed.
CREATE OR REPLACE FUNCTION mandant_enter_for_single_sign_on(tree uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT EXISTS (
    SELECT FROM single_sign_ons AS found WHERE found.master_id = mandant_enter_for_single_sign_on.tree
  ) THEN
    PERFORM set_config('mandant.trees', '', true);
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END
$body$;

-- The trees that accept bearer tokens of the issuer for this audience.
CREATE OR REPLACE FUNCTION mandant_single_sign_ons_of(issuer text, audience text)
RETURNS TABLE(tree uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
  SELECT found.master_id FROM single_sign_ons AS found
  WHERE found.issuer = mandant_single_sign_ons_of.issuer
    AND found.audience = mandant_single_sign_ons_of.audience
  ORDER BY found.master_id
$body$;

-- Whether the person may open a session by single sign-on alone: the address is of a domain whose tree
-- requires it. Exceptions hold while they are owners. If none of them is one any more, every owner is one.
CREATE OR REPLACE FUNCTION mandant_single_sign_on_required(person uuid)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
  SELECT count(*) > 0 FROM users
  JOIN domain_claims AS claim
    ON claim.for_sign_in AND claim.name = split_part(users.email_canonical, '@', -1)
  JOIN single_sign_ons AS found ON found.master_id = claim.master_id
  LEFT JOIN memberships AS owner
    ON owner.master_id = found.master_id
    AND owner.account_id = found.account_id
    AND owner.user_id = users.id
    AND owner.role_id = '$owner'
  WHERE users.id = mandant_single_sign_on_required.person
    AND found.enforcement = 'REQUIRED'
    AND (
      owner.id IS NULL
      OR (
        SELECT bool_or(other.user_id = users.id) IS FALSE
        FROM single_sign_on_exceptions AS exception
        JOIN memberships AS other
          ON other.master_id = exception.master_id
          AND other.account_id = exception.account_id
          AND other.user_id = exception.user_id
          AND other.role_id = '$owner'
        WHERE exception.master_id = found.master_id
      )
    )
$body$;
