-- When a session ends: 30 days after the sign-in, or earlier by the strictest limits of the trees that the
-- person is a member or guest in. VOLATILE, so that it sees limits that were committed while a session's row
-- was waited for.
CREATE OR REPLACE FUNCTION mandant_session_end(person uuid, began timestamptz, seen timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  RETURN (
    SELECT least(
      began + interval '30 days',
      began + min(maximum_minutes) * interval '1 minute',
      seen + min(idle_minutes) * interval '1 minute')
    FROM session_limits
    WHERE master_id IN (
      SELECT master_id FROM memberships
        WHERE user_id = person AND (expires_at IS NULL OR expires_at > now())
      UNION SELECT master_id FROM shares
        WHERE user_id = person AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
  );
END
$body$;

-- Notes that these sessions were used, at most once a minute for each, and moves their ends. It waits for
-- nobody: a session that somebody else is changing is noted a minute later.
CREATE OR REPLACE FUNCTION mandant_note_session_uses(secrets bytea[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  WITH used AS (
    SELECT id FROM sessions
    WHERE digest = ANY(secrets) AND expires_at > now() AND last_seen_at < date_trunc('minute', now())
    FOR UPDATE SKIP LOCKED
  )
  UPDATE sessions
  SET last_seen_at = now(), expires_at = least(ends_by, mandant_session_end(user_id, created_at, now()))
  FROM used WHERE sessions.id = used.id;
END
$body$;

-- Moves the ends of a person's sessions after the person came into a tree.
CREATE OR REPLACE FUNCTION mandant_limit_sessions_of(person uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  WITH open AS (
    SELECT id FROM sessions WHERE user_id = person AND expires_at > now() ORDER BY id FOR UPDATE
  )
  UPDATE sessions SET expires_at = least(ends_by, mandant_session_end(user_id, created_at, last_seen_at))
  FROM open WHERE sessions.id = open.id;
END
$body$;

-- Moves the ends of everybody's sessions after the limits of a tree changed.
CREATE OR REPLACE FUNCTION mandant_limit_sessions_in(tree uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  WITH open AS (
    SELECT id FROM sessions
    WHERE expires_at > now() AND user_id IN (
      SELECT user_id FROM memberships WHERE master_id = tree
      UNION SELECT user_id FROM shares WHERE master_id = tree AND user_id IS NOT NULL)
    ORDER BY id FOR UPDATE
  )
  UPDATE sessions SET expires_at = least(ends_by, mandant_session_end(user_id, created_at, last_seen_at))
  FROM open WHERE sessions.id = open.id;
END
$body$;
