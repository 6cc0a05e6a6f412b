-- Notes that a session has ended, if narrowed tokens were made of it: at the transaction's moment, or at its
-- own end if that came before. What was noted first stays.
CREATE OR REPLACE FUNCTION mandant_keep_session_ends()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  changed_at timestamptz := nullif(current_setting('mandant.changed_at', true), '');
  newest timestamptz;
BEGIN
  SELECT max(holds_from) INTO newest FROM narrowed_tokens_history WHERE root_digest = old.digest;
  IF newest IS NULL THEN
    RETURN NULL;
  END IF;
  -- A token was made since this transaction had its moment: it goes on from a later one.
  IF changed_at IS NULL OR newest > changed_at THEN
    changed_at := greatest(clock_timestamp(), newest + interval '1 microsecond');
    PERFORM set_config('mandant.changed_at', changed_at::text, true);
  END IF;
  INSERT INTO session_ends (id, user_id, digest, ended_at)
  VALUES (old.id, old.user_id, old.digest, least(old.expires_at, changed_at))
  ON CONFLICT (id) DO NOTHING;
  RETURN NULL;
END
$body$;
