-- Whether an invitation or a share can be accepted, as far as the promises of its accounts and of those below
-- them go. `given`, `given_below`: the masks that it gives in each of the accounts and below it. Raises MP001
-- with the promise's id where whoever accepts it would be refused, unless that person is an exception.
CREATE OR REPLACE FUNCTION mandant_check_offer(
  tree uuid, offered uuid[], address text, role uuid, given bigint, given_below bigint
) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  broken uuid;
BEGIN
  SELECT id INTO broken FROM access_promises AS promise
    JOIN account_closure AS path
      ON path.master_id = promise.master_id AND path.descendant_id = promise.account_id
    WHERE promise.master_id = tree AND promise.ended_at IS NULL AND path.ancestor_id = ANY(offered)
      AND promise.permission & CASE path.depth WHEN 0 THEN given ELSE given_below & path.passed_mask END <> 0
      AND NOT coalesce(role = ANY(promise.role_ids), false)
      AND NOT EXISTS (
        SELECT FROM access_promise_exceptions AS excepted
        JOIN users AS person ON person.id = excepted.holder_id
        WHERE excepted.master_id = tree AND excepted.promise_id = promise.id
          AND person.email_canonical = address
      )
    ORDER BY id LIMIT 1;
  IF broken IS NOT NULL THEN
    RAISE EXCEPTION 'a promise would be broken' USING ERRCODE = 'MP001', DETAIL = broken::text;
  END IF;
  RETURN true;
END
$body$;
