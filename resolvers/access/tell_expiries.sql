-- Whether it stopped at as many ends as there are ids. What ended says who lost and gained what by it: a
-- place is told by the first of the ends of that moment above it. What ended more than 30 days ago is not
-- told any more.
CREATE OR REPLACE FUNCTION mandant_tell_expiries(ids uuid[])
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  told integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock($telling) THEN
    RETURN false;
  END IF;
  WITH grants AS (
    $grants
  ), near AS (
    SELECT *, CASE
      WHEN ends_at <= now() THEN '$ended'
      WHEN ends_at <= now() + interval '1 day'
        THEN CASE WHEN ends_at > since + interval '1 day' THEN '$day' END
      WHEN ends_at > since + interval '7 days' THEN '$week'
    END AS stage
    FROM grants
    WHERE ends_at > now() - interval '30 days' AND ends_at <= now() + interval '7 days'
  ), due AS (
    SELECT *, row_number() OVER (ORDER BY ends_at, grant_id, account_id) AS number
    FROM near
    WHERE stage IS NOT NULL AND NOT EXISTS (
      SELECT FROM expiry_notices AS notice
      WHERE notice.master_id = near.master_id AND notice.account_id = near.account_id
        AND notice.grant_id = near.grant_id AND notice.expires_at = near.ends_at
        AND notice.stage = near.stage
    )
    ORDER BY number LIMIT cardinality(ids)
  ), noted AS (
    INSERT INTO expiry_notices (master_id, account_id, grant_id, expires_at, stage)
    SELECT master_id, account_id, grant_id, ends_at, stage FROM due
  ), changed AS (
    SELECT ended.master_id, ended.ends_at, change.*
    FROM (
      SELECT master_id, ends_at, array_agg(account_id) AS account_ids,
        array_remove(array_agg(DISTINCT user_id), NULL) AS people,
        array_remove(array_agg(DISTINCT api_key_id), NULL) AS keys
      FROM due WHERE stage = '$ended' AND num_nonnulls(user_id, api_key_id) > 0
      GROUP BY master_id, ends_at
    ) AS ended CROSS JOIN LATERAL
      mandant_access_ended(ended.account_ids, ended.people, ended.keys, ended.ends_at) AS change
  ), placed AS (
    SELECT *,
      row_number() OVER (PARTITION BY number ORDER BY account_id, coalesce(user_id, api_key_id)) AS place
    FROM (
      SELECT changed.*, (
        SELECT min(due.number)
        FROM due JOIN account_closure AS path
          ON path.master_id = due.master_id AND path.ancestor_id = due.account_id
          AND path.descendant_id = changed.account_id
        WHERE due.master_id = changed.master_id AND due.ends_at = changed.ends_at AND due.stage = '$ended'
          AND coalesce(due.user_id, due.api_key_id) = coalesce(changed.user_id, changed.api_key_id)
      ) AS number FROM changed
    ) AS numbered
  ), told AS (
    SELECT number, jsonb_build_object(
      'count', count(*),
      'more', bool_or(is_cut),
      'changes', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('account_id', account_id, 'user_id', user_id,
        'api_key_id', api_key_id, 'gained', gained, 'lost', lost)) ORDER BY place)
        FILTER (WHERE place <= $listed)
    ) AS access
    FROM placed GROUP BY number
  ), logged AS (
    INSERT INTO events (master_id, account_id, id, type, subject_id, access, after)
    SELECT master_id, account_id, ids[number],
      CASE stage WHEN '$ended' THEN '$expired' ELSE '$expiring' END, subject_id,
      (SELECT access FROM told WHERE told.number = due.number),
      jsonb_build_object(
        'expiresAt', to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
      )
    FROM due
  ), warned AS (
    SELECT person, min(number) AS number, string_agg(
      format('  %s until %s UTC', $shown, to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')),
      E'
' ORDER BY number
    ) AS ends
    FROM due JOIN accounts ON accounts.master_id = due.master_id AND accounts.id = due.account_id
    WHERE person IS NOT NULL AND stage <> '$ended'
    GROUP BY person
  ), counted AS (
    INSERT INTO attempts (subject, window_start, count)
    SELECT '$counted' || person, to_timestamp(floor(extract(EPOCH FROM now()) / $window) * $window), 1
    FROM warned ORDER BY person
    ON CONFLICT (subject, window_start) DO UPDATE SET count = attempts.count + 1
    RETURNING subject, count
  ), mailed AS (
    INSERT INTO outbox_messages (id, recipient, subject, body)
    SELECT ids[number], email, '$subject', format('$mail', ends)
    FROM warned JOIN users ON users.id = person JOIN counted ON counted.subject = '$counted' || person
    WHERE counted.count <= $most
  )
  SELECT count(*) INTO told FROM due;
  RETURN told = cardinality(ids);
END
$body$;
