-- The accounts whose rule is due, or whose top-up waits for its answer.
CREATE OR REPLACE FUNCTION mandant_top_ups_to_make()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  rule.master_id,
  rule.account_id
FROM top_up_rules AS rule
WHERE rule.due_at <= now()
  AND NOT EXISTS (
    SELECT FROM top_ups AS open_one
    WHERE open_one.master_id = rule.master_id AND open_one.account_id = rule.account_id
      AND open_one.automatic AND open_one.status = 'PENDING'
  )
UNION DISTINCT
SELECT
  waiting.master_id,
  waiting.account_id
FROM top_ups AS waiting
WHERE waiting.status = 'PENDING'
  AND (waiting.automatic OR waiting.created_at < now() - interval '$left_to_its_request seconds')
$body$;
