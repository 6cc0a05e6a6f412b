-- Seals the next events in the order of the log, at most $batch, and returns whether there may be more. One
-- transaction seals at a time, others do nothing. Only what is settled is sealed (see `log_numbers.py`).
CREATE OR REPLACE FUNCTION mandant_seal_events()
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  since record;
  open_number bigint;
  each record;
  chain event_chains%ROWTYPE;
  sealed integer := 0;
  last_number bigint;
  last_id uuid;
  last_count bigint;
  last_hash bytea;
BEGIN
  INSERT INTO log_sealing (id) VALUES (1) ON CONFLICT DO NOTHING;
  SELECT transaction_id, event_id INTO since FROM log_sealing FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  open_number := pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    + coalesce((SELECT ahead FROM log_numbering), 0);
  FOR each IN
    WITH next AS (
      SELECT * FROM events
      WHERE (transaction_id, id) > (since.transaction_id, since.event_id) AND transaction_id < open_number
      ORDER BY transaction_id, id LIMIT $batch
    ), salted AS MATERIALIZED (
      SELECT *, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS salt FROM next
    )
    SELECT event.master_id, event.account_id, event.transaction_id, event.id, event.salt, $digests AS hashed
    FROM salted AS event ORDER BY event.account_id, event.transaction_id, event.id
  LOOP
    IF chain.account_id IS DISTINCT FROM each.account_id THEN
      UPDATE event_chains SET event_count = chain.event_count, head = chain.head
        WHERE master_id = chain.master_id AND account_id = chain.account_id;
      INSERT INTO event_chains (master_id, account_id, event_count, head)
        VALUES (each.master_id, each.account_id, 0, '\x$genesis') ON CONFLICT DO NOTHING;
      SELECT * INTO chain FROM event_chains
        WHERE master_id = each.master_id AND account_id = each.account_id;
    END IF;
    INSERT INTO event_seals (master_id, account_id, number, event_id, salt, previous_hash, hash)
      VALUES (each.master_id, each.account_id, chain.event_count + 1, each.id, each.salt, chain.head,
        sha256(chain.head || convert_to(
          concat_ws('|', each.account_id, chain.event_count + 1, each.hashed), 'UTF8')))
      RETURNING number, hash INTO last_count, last_hash;
    chain.event_count := last_count;
    chain.head := last_hash;
    sealed := sealed + 1;
    IF last_number IS NULL OR (each.transaction_id, each.id) > (last_number, last_id) THEN
      last_number := each.transaction_id;
      last_id := each.id;
    END IF;
  END LOOP;
  IF sealed > 0 THEN
    UPDATE event_chains SET event_count = chain.event_count, head = chain.head
      WHERE master_id = chain.master_id AND account_id = chain.account_id;
    UPDATE log_sealing SET transaction_id = last_number, event_id = last_id;
  END IF;
  RETURN sealed = $batch;
END
$body$;

-- For how long the oldest event has no seal, in seconds; 0 where all have one. One look at an index.
CREATE OR REPLACE FUNCTION mandant_unsealed_seconds()
RETURNS double precision
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  since record;
  written timestamptz;
BEGIN
  SELECT transaction_id, event_id INTO since FROM log_sealing;
  SELECT created_at INTO written FROM events
    WHERE (transaction_id, id) > (coalesce(since.transaction_id, 0),
      coalesce(since.event_id, '00000000-0000-0000-0000-000000000000'))
    ORDER BY transaction_id, id LIMIT 1;
  RETURN coalesce(extract(EPOCH FROM now() - written), 0);
END
$body$;
