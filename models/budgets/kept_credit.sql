-- What a pool keeps free for each account directly below that it guaranteed credit to, in micro-units. Lapsed
-- reservations count as given back where they are the subscriber's: whoever writes to its cycle gives them
-- back first.
CREATE OR REPLACE FUNCTION mandant_kept_credit(tree uuid, pool uuid, subscriber uuid)
RETURNS TABLE (account_id uuid, amount bigint)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
$kept
$body$;
