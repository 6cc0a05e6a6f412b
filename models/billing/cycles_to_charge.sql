-- The first cycle of each subscription that ended and is not charged yet, in all trees that the caller sees.
-- A master account that never chose a plan has cycles as well. They are charged where they hold sends with a
-- price.
CREATE OR REPLACE FUNCTION mandant_cycles_to_charge()
RETURNS TABLE (master_id uuid, account_id uuid, starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  ended.master_id,
  ended.account_id,
  ended.starts_at,
  ended.ends_at
FROM (
  SELECT
    numbered.master_id,
    numbered.account_id,
    mandant_cycle_start(numbered.anchored_at, numbered.time_zone, numbered.number) AS starts_at,
    mandant_cycle_start(numbered.anchored_at, numbered.time_zone, numbered.number + 1) AS ends_at
  FROM (
    SELECT
      counted.*,
      mandant_cycle_number(
        counted.anchored_at, counted.time_zone, greatest(charged.charged_until, counted.anchored_at)
      ) AS number
    FROM (
      SELECT
        subscription.master_id,
        subscription.account_id,
        subscription.anchored_at,
        subscription.time_zone
      FROM subscriptions AS subscription
      UNION ALL
      SELECT
        root.master_id,
        root.id,
        $unsubscribed_anchor,
        $unsubscribed_zone
      FROM accounts AS root
      WHERE root.id = root.master_id
        AND NOT EXISTS (
          SELECT FROM subscriptions AS chosen
          WHERE chosen.master_id = root.master_id AND chosen.account_id = root.id
        )
        AND EXISTS (
          SELECT FROM send_cycles AS cycle
          JOIN send_reservations AS sent
            ON sent.master_id = cycle.master_id AND sent.cycle_id = cycle.id
          WHERE cycle.master_id = root.master_id AND cycle.account_id = root.id
            AND sent.price > 0 AND sent.status = '$committed'
            AND NOT EXISTS (
              SELECT FROM charges AS charge
              WHERE charge.master_id = root.master_id AND charge.account_id = sent.account_id
                AND charge.product = '$sends_beyond' AND charge.source_id = cycle.id
            )
        )
    ) AS counted
    LEFT JOIN charged_cycles AS charged
      ON charged.master_id = counted.master_id AND charged.account_id = counted.account_id
    -- No cycle is shorter. This passes over most accounts.
    WHERE coalesce(charged.charged_until, counted.anchored_at) < mandant_now() - interval '27 days'
  ) AS numbered
) AS ended
WHERE ended.ends_at <= mandant_now() - interval '$charged_after seconds'
$body$;
