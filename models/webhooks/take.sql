-- Takes webhooks that have something to be delivered, for a minute each. Trees take turns: the first of each
-- tree comes before the second of any. What other workers are at work on is left out, and counts against the
-- most that are taken of its tree.
CREATE OR REPLACE FUNCTION mandant_take_webhooks(
  lease uuid, most integer, most_of_a_tree integer, failing boolean
)
RETURNS TABLE (tree uuid, webhook uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN QUERY
  WITH busy AS (
    SELECT hook.master_id, count(*) AS number
    FROM webhooks AS hook
    WHERE hook.status = 'ACTIVE' AND hook.lease_ends_at > now() AND (hook.failures > 0) = failing
    GROUP BY hook.master_id
  ), due AS (
    SELECT
      hook.master_id,
      hook.id,
      hook.turn_at,
      coalesce(busy.number, 0)
        + row_number() OVER (PARTITION BY hook.master_id ORDER BY hook.turn_at NULLS FIRST, hook.id) AS place
    FROM webhooks AS hook
    LEFT JOIN busy ON busy.master_id = hook.master_id
    WHERE hook.status = 'ACTIVE'
      AND (hook.failures > 0) = failing
      AND (hook.lease_ends_at IS NULL OR hook.lease_ends_at <= now())
      AND (hook.rests_until IS NULL OR hook.rests_until <= now())
      AND (
        hook.replay_until IS NOT NULL
        OR EXISTS (
          SELECT FROM webhook_deliveries AS delivery
          WHERE delivery.master_id = hook.master_id
            AND delivery.webhook_id = hook.id
            AND delivery.status = 'PENDING'
            AND delivery.next_try_at <= now()
        )
        OR EXISTS (
          SELECT FROM webhook_news AS news
          WHERE news.master_id = hook.master_id AND news.webhook_id = hook.id
        )
      )
  ), chosen AS (
    SELECT hook.master_id, hook.id
    FROM due
    JOIN webhooks AS hook ON hook.master_id = due.master_id AND hook.id = due.id
    WHERE due.place <= most_of_a_tree
      AND hook.status = 'ACTIVE'
      AND (hook.lease_ends_at IS NULL OR hook.lease_ends_at <= now())
    ORDER BY due.place, due.turn_at NULLS FIRST, due.id
    LIMIT most
    FOR UPDATE OF hook SKIP LOCKED
  )
  UPDATE webhooks AS hook
  SET lease = mandant_take_webhooks.lease, lease_ends_at = now() + interval '1 minute', turn_at = now()
  FROM chosen
  WHERE hook.master_id = chosen.master_id AND hook.id = chosen.id
  RETURNING hook.master_id, hook.id;
END
$body$;
