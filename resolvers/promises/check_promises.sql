-- Whether a change of access keeps the promises of the changed accounts and of those below them. Raises MP001
-- where it breaks one, unless an owner of the account that made it gives a reason: then whoever gets the
-- permission is kept as an exception. The error's detail has the promise's id, tree, account and permission,
-- and the id of the first who would break it.
CREATE OR REPLACE FUNCTION mandant_check_promises(tree uuid, changed uuid[], actor uuid, told text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  promise record;
  fresh uuid[];
BEGIN
  FOR promise IN
    SELECT master_id, account_id, id, permission, role_ids FROM access_promises
    WHERE master_id = tree AND ended_at IS NULL AND EXISTS (
      SELECT FROM account_closure AS path
      WHERE path.master_id = tree AND path.descendant_id = access_promises.account_id
        AND path.ancestor_id = ANY(changed)
    ) ORDER BY id
  LOOP
    SELECT array_agg(holder_id) INTO fresh FROM (
      SELECT coalesce(user_id, api_key_id) AS holder_id FROM ($beside) AS beside
      EXCEPT SELECT holder_id FROM access_promise_exceptions AS excepted
        WHERE excepted.master_id = tree AND excepted.promise_id = promise.id
    ) AS found;
    CONTINUE WHEN fresh IS NULL;
    IF told IS NULL OR NOT EXISTS (
      SELECT FROM memberships AS owner
      WHERE owner.master_id = tree AND owner.account_id = promise.account_id AND owner.user_id = actor
        AND owner.role_id = '$owner'
    ) THEN
      RAISE EXCEPTION 'a promise would be broken'
        USING ERRCODE = 'MP001',
          DETAIL = concat_ws(' ', promise.id, tree, promise.account_id, promise.permission, fresh[1]);
    END IF;
    INSERT INTO access_promise_exceptions (master_id, promise_id, holder_id, reason)
      SELECT tree, promise.id, holder_id, told FROM unnest(fresh) AS found (holder_id);
  END LOOP;
  RETURN true;
END
$body$;
