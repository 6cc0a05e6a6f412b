-- The invoices that are due, in all trees that the caller sees: periods that ended, with every cycle charged
-- that ended with them or before.
CREATE OR REPLACE FUNCTION mandant_invoices_to_issue()
RETURNS TABLE (master_id uuid, account_id uuid, starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  period.master_id,
  period.account_id,
  period.starts_at,
  period.ends_at
FROM (
  SELECT DISTINCT
    charge.master_id,
    charge.billed_id AS account_id,
    charge.invoice_starts_at AS starts_at,
    charge.invoice_ends_at AS ends_at
  FROM charges AS charge
  WHERE charge.invoice_id IS NULL
    AND charge.invoice_ends_at <= mandant_now() - interval '$invoiced_after seconds'
) AS period
WHERE NOT EXISTS (
  SELECT FROM mandant_cycles_to_charge() AS ended
  JOIN account_closure AS path
    ON path.master_id = ended.master_id AND path.descendant_id = ended.account_id
  WHERE path.master_id = period.master_id AND path.ancestor_id = period.account_id
    AND ended.ends_at <= period.ends_at
)
$body$;
