-- Remembers to the minute that the keys with these secrets, or with narrowed tokens of these, were used.
-- Locks them in one order.
CREATE OR REPLACE FUNCTION mandant_note_key_uses(secrets bytea[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  WITH used AS (
    SELECT master_id, id FROM api_keys
    WHERE (digest = ANY(secrets) OR previous_digest = ANY(secrets) OR (master_id, id) IN (
        SELECT api_key_master_id, api_key_id FROM narrowed_tokens WHERE narrowed_tokens.digest = ANY(secrets)
      ))
      AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', now()))
    ORDER BY id FOR UPDATE
  )
  UPDATE api_keys SET last_used_at = date_trunc('minute', now()) FROM used
  WHERE api_keys.master_id = used.master_id AND api_keys.id = used.id;
END
$body$;
