-- Whether an ownership that an account's owner offers (`offered`: the account) can be accepted, as
-- `mandant_check_offer` does for other offers. Raises MP001 about a promise that no reason was given for
-- when it was offered, if there is one, and else about the first that is left. The error's detail also has
-- the id of who would break it: whoever becomes the owner, or, where that breaks nothing, whoever becomes
-- an administrator.
CREATE OR REPLACE FUNCTION mandant_check_ownership(tree uuid, offered uuid, actor uuid, told text)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  broken record;
BEGIN
  SELECT promise.id, promise.account_id, promise.permission, CASE
      WHEN '$owner' = ANY(promise.role_ids) OR EXISTS (
        SELECT FROM access_promise_exceptions AS excepted
        WHERE excepted.master_id = tree AND excepted.promise_id = promise.id
          AND excepted.holder_id = taker.user_id
      ) THEN giver.user_id ELSE taker.user_id
    END AS holder_id
  INTO broken FROM ownership_offers AS offer
    JOIN access_promises AS promise ON promise.master_id = tree
      AND promise.id = ANY(ownership_offer_breaks(tree, offered))
    JOIN memberships AS taker ON taker.master_id = tree AND taker.id = offer.to_membership_id
    LEFT JOIN memberships AS giver ON giver.master_id = tree AND giver.id = offer.from_membership_id
    WHERE offer.master_id = tree AND offer.account_id = offered
      AND (told IS NULL OR NOT EXISTS (
        SELECT FROM memberships AS owner
        WHERE owner.master_id = tree AND owner.account_id = promise.account_id AND owner.user_id = actor
          AND owner.role_id = '$owner'
      ))
    ORDER BY promise.id = ANY(offer.promise_ids), promise.id LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a promise would be broken' USING ERRCODE = 'MP001',
      DETAIL = concat_ws(' ', broken.id, tree, broken.account_id, broken.permission, broken.holder_id);
  END IF;
  RETURN true;
END
$body$;
