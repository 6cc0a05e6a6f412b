-- What workers have to do, in all trees that the caller sees: rows as in the queue. `issuing`: invoices too.
CREATE OR REPLACE FUNCTION mandant_due(issuing boolean)
RETURNS TABLE (kind text, tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  '$reservation_expiry',
  lapsed.master_id,
  lapsed.cycle_id
FROM send_reservations AS lapsed
WHERE lapsed.status = 'RESERVED' AND lapsed.expires_at <= mandant_now()
UNION ALL
SELECT
  '$cycle_close',
  cycle.master_id,
  cycle.id
FROM send_cycles AS cycle
WHERE cycle.closed_at IS NULL AND cycle.ends_at <= mandant_now()
  AND mandant_cycle_is_over(cycle.master_id, cycle.id)
UNION ALL
SELECT
  '$top_up',
  wanting.master_id,
  wanting.account_id
FROM (
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
) AS wanting
UNION ALL
SELECT
  '$cycle_charge',
  charge.master_id,
  charge.account_id
FROM mandant_cycles_to_charge() AS charge
UNION ALL
SELECT
  '$invoice_issue',
  invoice.master_id,
  invoice.account_id
FROM mandant_invoices_to_issue() AS invoice
WHERE issuing
$body$;

-- Lets the transaction into a tree in which something is due, and into no other. False where nothing is.
CREATE OR REPLACE FUNCTION mandant_enter_as_worker(tree uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  IF NOT EXISTS (SELECT FROM mandant_due(true) AS due WHERE due.tree = mandant_enter_as_worker.tree) THEN
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END
$body$;
