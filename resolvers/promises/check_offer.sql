-- Whether an offer that was just written can be accepted, as far as promises go. `promises`: the ids of
-- those that it would break; no reason makes up for that. Raises MP001 about the first one. The error's
-- detail has its id, tree, account and permission.
CREATE OR REPLACE FUNCTION mandant_check_offer(tree uuid, promises uuid[])
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  broken record;
BEGIN
  SELECT id, account_id, permission INTO broken FROM access_promises
    WHERE master_id = tree AND id = ANY(promises) ORDER BY id LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'a promise would be broken' USING ERRCODE = 'MP001',
      DETAIL = concat_ws(' ', broken.id, tree, broken.account_id, broken.permission);
  END IF;
  RETURN true;
END
$body$;
