-- What access follows from in the accounts of the setting `mandant.access_scope` and all below them: a digest
-- for each of the people and keys of `mandant.access_holders`. If `mandant.access_limits` says so, for
-- everybody, and for each account what else decides. NULL where there is nothing.
CREATE OR REPLACE FUNCTION mandant_access_foundations()
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
DECLARE
  changed_accounts uuid[] := string_to_array(current_setting('mandant.access_scope'), ',')::uuid[];
  with_limits boolean := current_setting('mandant.access_limits')::boolean;
  holders text[] := string_to_array(current_setting('mandant.access_holders'), ',');
  asked_people uuid[] := ARRAY(SELECT substr(each, 6)::uuid FROM unnest(holders) AS each WHERE each LIKE 'user %');
  asked_keys uuid[] := ARRAY(SELECT substr(each, 5)::uuid FROM unnest(holders) AS each WHERE each LIKE 'key %');
BEGIN
  IF NOT with_limits THEN
    RETURN (
      SELECT jsonb_object_agg(coalesce('user ' || held.user_id, 'key ' || held.api_key_id), held.digest)
      FROM ($grants_of_named) AS held
    );
  END IF;
  RETURN (
    SELECT jsonb_object_agg(key, digest) FROM (
      SELECT 'account ' || decided.id AS key, decided.limits AS digest FROM ($limits) AS decided
      UNION ALL SELECT coalesce('user ' || user_id, 'key ' || api_key_id), digest FROM ($grants) AS held
    ) AS found
  );
END
$body$;

-- Whose access may have changed since it was remembered: the people and keys whose rows were written, whoever
-- has a role that was written, and the keys that stop with one of these (T6), as 'user ...' and 'key ...'.
CREATE OR REPLACE FUNCTION mandant_access_touched()
RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
DECLARE
  touched text[] := string_to_array(nullif(current_setting('mandant.access_touched', true), ''), ',');
  people uuid[] := ARRAY(SELECT substr(each, 6)::uuid FROM unnest(touched) AS each WHERE each LIKE 'user %');
  keys uuid[] := ARRAY(SELECT substr(each, 5)::uuid FROM unnest(touched) AS each WHERE each LIKE 'key %');
  written_roles uuid[] := ARRAY(SELECT substr(each, 6)::uuid FROM unnest(touched) AS each WHERE each LIKE 'role %');
  written_shares uuid[] := ARRAY(SELECT substr(each, 7)::uuid FROM unnest(touched) AS each WHERE each LIKE 'share %');
  more uuid[];
  holders text[];
BEGIN
  IF written_shares <> '{}' THEN
    people := people || ARRAY(
      SELECT user_id FROM shares WHERE id = ANY(written_shares) AND user_id IS NOT NULL);
  END IF;
  IF written_roles <> '{}' THEN
    people := people || ARRAY(
      SELECT held.user_id FROM roles
      INNER JOIN memberships AS held ON held.master_id = roles.master_id AND held.role_id = roles.id
      WHERE roles.id = ANY(written_roles)
      UNION ALL
      SELECT held.user_id FROM roles
      INNER JOIN shares AS held ON held.master_id = roles.master_id AND held.role_id = roles.id
      WHERE roles.id = ANY(written_roles) AND held.user_id IS NOT NULL);
    keys := keys || ARRAY(
      SELECT held.id FROM roles
      INNER JOIN api_keys AS held ON held.master_id = roles.master_id AND held.role_id = roles.id
      WHERE roles.id = ANY(written_roles));
  END IF;
  more := ARRAY(
    WITH RECURSIVE stopping AS (
      SELECT id FROM api_keys
      WHERE when_maker_loses_access = 'STOP' AND coalesce(adopter_user_id, creator_user_id) = ANY(people)
      UNION
      SELECT id FROM api_keys WHERE when_maker_loses_access = 'STOP' AND creator_api_key_id = ANY(keys)
      UNION
      SELECT made.id FROM api_keys AS made INNER JOIN stopping ON made.creator_api_key_id = stopping.id
      WHERE made.when_maker_loses_access = 'STOP'
    )
    SELECT id FROM stopping
  );
  holders := ARRAY(
    SELECT 'user ' || each FROM unnest(people) AS each
    UNION
    SELECT 'key ' || each FROM unnest(keys || more) AS each
  );
  RETURN holders;
END
$body$;

-- Who holds what: the people and keys that the setting `mandant.access_asked` names in the accounts of
-- `mandant.access_accounts`, and everybody in the accounts that it names; at most $most. NULL where nobody
-- holds anything.
CREATE OR REPLACE FUNCTION mandant_access_cells()
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
DECLARE
  asked text[] := string_to_array(current_setting('mandant.access_asked'), ',');
  asked_people uuid[] := ARRAY(SELECT substr(each, 6)::uuid FROM unnest(asked) AS each WHERE each LIKE 'user %');
  asked_keys uuid[] := ARRAY(SELECT substr(each, 5)::uuid FROM unnest(asked) AS each WHERE each LIKE 'key %');
  limited uuid[] := ARRAY(SELECT substr(each, 9)::uuid FROM unnest(asked) AS each WHERE each LIKE 'account %');
  asked_accounts uuid[] := string_to_array(current_setting('mandant.access_accounts'), ',')::uuid[];
BEGIN
  RETURN (
    SELECT jsonb_object_agg(key, mask) FROM (SELECT * FROM (
      SELECT account_id || ' ' || coalesce('user ' || user_id, 'key ' || api_key_id) AS key, mask FROM (
        SELECT named.account_id, named.user_id, named.api_key_id, named.mask FROM ($of_holders) AS named
        UNION
        SELECT every.account_id, every.user_id, every.api_key_id, every.mask FROM ($of_accounts) AS every
      ) AS either
      ) AS keyed ORDER BY key COLLATE "C" LIMIT $most
    ) AS found
  );
END
$body$;

-- Remembers access as it is now, for `mandant_access_changes`, in place of an earlier state: a cursor reads
-- what there was when it was opened, and costs nothing until it is read.
CREATE OR REPLACE FUNCTION mandant_access_remember()
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
DECLARE
  foundations refcursor := 'access_foundations';
  cells refcursor := 'access_cells';
BEGIN
  IF EXISTS (SELECT FROM pg_cursors WHERE name = 'access_foundations') THEN
    CLOSE foundations;  -- noqa: PRS
    CLOSE cells;
  END IF;
  OPEN foundations FOR SELECT mandant_access_foundations();
  OPEN cells FOR SELECT mandant_access_cells();
  PERFORM set_config('mandant.access_touched', '', true);
END
$body$;

-- Who has gained and lost which permissions in the accounts and all below them since the transaction locked
-- an account last, or since this was asked last. `limits_too`: whether more than grants may have changed,
-- which takes longer to find out. `count`, at least so many if there are `more`, and the first
-- $shown `changes`. NULL where nobody did.
CREATE OR REPLACE FUNCTION mandant_access_changes(changed uuid[], limits_too boolean)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
DECLARE
  foundations refcursor := 'access_foundations';
  cells refcursor := 'access_cells';
  before jsonb;
  after jsonb;
  touched text[] := '{}';
  asked text[];
  scope uuid[];
  most_accounts integer;
  is_more boolean;
  last_key text;
  told jsonb;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'access_foundations') THEN
    RETURN NULL;
  END IF;
  IF NOT limits_too THEN
    touched := mandant_access_touched();
    IF touched = '{}' THEN
      RETURN NULL;
    END IF;
  END IF;
  PERFORM set_config('mandant.access_scope', array_to_string(changed, ','), true),
    set_config('mandant.access_limits', limits_too::text, true),
    set_config('mandant.access_holders', array_to_string(touched, ','), true);
  FETCH foundations INTO before;
  after := mandant_access_foundations();
  IF before IS NOT DISTINCT FROM after THEN
    PERFORM mandant_access_remember();
    RETURN NULL;
  END IF;
  -- Of accounts where everybody may gain or lose, the highest come first, which were made first.
  SELECT array_agg(key ORDER BY key) FILTER (WHERE number <= CASE kind WHEN 'account' THEN $limited ELSE $holders END),
      coalesce(bool_or(number > CASE kind WHEN 'account' THEN $limited ELSE $holders END), false)
    INTO asked, is_more
    FROM (
      SELECT key, split_part(key, ' ', 1) AS kind,
        row_number() OVER (PARTITION BY split_part(key, ' ', 1) ORDER BY key) AS number
      FROM jsonb_each(coalesce(before, '{}')) AS old FULL JOIN jsonb_each(coalesce(after, '{}')) AS new USING (key)
      WHERE old.value IS DISTINCT FROM new.value
    ) AS differing;
  -- The first places are told, and the highest accounts come first: the more holders, the fewer accounts.
  most_accounts := greatest(1, $places / greatest(1, (SELECT count(*) FROM unnest(asked) AS each
    WHERE each NOT LIKE 'account %')));
  scope := ARRAY(
    SELECT DISTINCT below.descendant_id
    FROM unnest(changed) AS top
    INNER JOIN accounts ON accounts.id = top
    CROSS JOIN LATERAL (
      SELECT descendant_id FROM account_closure
      WHERE master_id = accounts.master_id AND ancestor_id = top
      ORDER BY descendant_id LIMIT most_accounts + 1
    ) AS below
    ORDER BY below.descendant_id LIMIT most_accounts + 1);
  is_more := is_more OR cardinality(scope) > most_accounts;
  PERFORM set_config('mandant.access_asked', array_to_string(asked, ','), true),
    set_config('mandant.access_accounts', array_to_string(scope[:most_accounts], ','), true);
  FETCH cells INTO before;
  after := mandant_access_cells();
  -- Beyond the end of what was read before or after, nothing is known.
  SELECT min(ends) INTO last_key FROM (
    SELECT max(key COLLATE "C") AS ends FROM jsonb_object_keys(coalesce(before, '{}')) AS key HAVING count(*) = $most
    UNION ALL
    SELECT max(key COLLATE "C") FROM jsonb_object_keys(coalesce(after, '{}')) AS key HAVING count(*) = $most
  ) AS cut;
  SELECT jsonb_build_object(
      'count', count(*),
      'more', is_more OR last_key IS NOT NULL,
      'changes', jsonb_agg(jsonb_build_object(
        'account_id', split_part(key, ' ', 1),
        CASE split_part(key, ' ', 2) WHEN 'user' THEN 'user_id' ELSE 'api_key_id' END, split_part(key, ' ', 3),
        'gained', held & ~had, 'lost', had & ~held) ORDER BY number) FILTER (WHERE number <= $shown))
    INTO told
    FROM (
      SELECT key, coalesce(old.value::bigint, 0) AS had, coalesce(new.value::bigint, 0) AS held,
        row_number() OVER (ORDER BY key COLLATE "C") AS number
      FROM jsonb_each_text(coalesce(before, '{}')) AS old
      FULL JOIN jsonb_each_text(coalesce(after, '{}')) AS new USING (key)
      WHERE old.value IS DISTINCT FROM new.value AND (last_key IS NULL OR key COLLATE "C" <= last_key)
    ) AS differing
    HAVING count(*) > 0;
  PERFORM mandant_access_remember();
  RETURN told;
END
$body$;

-- What of such changes happened in one account of several.
CREATE OR REPLACE FUNCTION mandant_access_changes_in(told jsonb, changed uuid)
RETURNS jsonb
LANGUAGE sql IMMUTABLE SECURITY INVOKER SET search_path = public, pg_temp AS $body$
SELECT told || jsonb_build_object('count', count(*), 'changes', jsonb_agg(change))
FROM jsonb_array_elements(told -> 'changes') AS change
WHERE change ->> 'account_id' = changed::text
HAVING count(*) > 0
$body$;
