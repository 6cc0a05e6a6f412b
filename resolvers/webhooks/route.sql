-- Notes which webhooks the next events of the log concern: those of the event's account, and those of
-- accounts above that follow all below, if they ask for its type. Whether their keys may read it is asked
-- when it is read. Returns whether there may be more. One transaction routes at a time, others do nothing.
-- Only what is settled is routed (see `log_numbers.py`): so nothing can come to stand before it any more.
CREATE OR REPLACE FUNCTION mandant_route_events()
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  since bigint;
  settled bigint;
  first_number bigint;
  open_number bigint;
BEGIN
  INSERT INTO webhook_routing (id) VALUES (1) ON CONFLICT DO NOTHING;
  SELECT transaction_id INTO since FROM webhook_routing FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  -- Before the webhooks are read: one that is made meanwhile is either among them, or wants later events.
  settled := pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    + coalesce((SELECT ahead FROM log_numbering), 0);
  -- Numbers have gaps, after a restore a large one.
  SELECT transaction_id INTO first_number FROM events
    WHERE transaction_id >= since ORDER BY transaction_id, id LIMIT 1;
  IF first_number IS NULL OR first_number >= settled THEN
    RETURN false;
  END IF;
  open_number := least(settled, first_number + $span);
  INSERT INTO webhook_news (master_id, account_id, webhook_id, first_transaction, last_transaction)
  SELECT
    hook.master_id,
    hook.account_id,
    hook.id,
    min(event.transaction_id),
    max(event.transaction_id)
  FROM events AS event
  LEFT JOIN ($names) AS named (type, name) ON named.type = event.type
  JOIN account_closure AS path
    ON path.master_id = event.master_id AND path.descendant_id = event.account_id
  JOIN webhooks AS hook
    ON hook.master_id = path.master_id
    AND hook.account_id = path.ancestor_id
    AND (hook.include_descendants OR path.depth = 0)
    AND event.transaction_id >= hook.read_transaction
    AND (hook.types = '{}' OR named.name = ANY(hook.types))
  WHERE event.transaction_id >= first_number AND event.transaction_id < open_number
  GROUP BY hook.master_id, hook.account_id, hook.id
  ORDER BY hook.master_id, hook.id
  ON CONFLICT (master_id, webhook_id) DO UPDATE SET last_transaction = excluded.last_transaction;
  DELETE FROM webhook_news AS news WHERE NOT EXISTS (
    SELECT FROM webhooks AS hook WHERE hook.master_id = news.master_id AND hook.id = news.webhook_id
  );
  UPDATE webhook_routing SET transaction_id = open_number;
  RETURN open_number < settled;
END
$body$;
