-- Keeps the history of $table: gives the rows that a statement touched a new version where what is kept of
-- them has changed. All versions of one transaction begin at one moment. Whose rights these rows make is told
-- to the setting `mandant.access_touched`: nobody else has gained or lost anything by them.
CREATE OR REPLACE FUNCTION mandant_keep_$table()
RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
DECLARE
  changed_at timestamptz := nullif(current_setting('mandant.changed_at', true), '');
  newest timestamptz;
  is_changed boolean;
  whose text;
BEGIN
  SELECT count(*) > 0, string_agg(DISTINCT holder.name, ',') INTO is_changed, whose
  FROM touched
  LEFT JOIN $versions AS version ON $version_is_touched AND version.holds_until = 'infinity'
  LEFT JOIN $table AS present ON $present_is_touched
  CROSS JOIN LATERAL (VALUES ($version_holder), ($present_holder)) AS holder (name)
  WHERE row($version_columns) IS DISTINCT FROM row($present_columns);
  IF NOT is_changed THEN
    RETURN NULL;
  END IF;
  IF whose IS NOT NULL THEN
    whose := concat_ws(',', nullif(current_setting('mandant.access_touched', true), ''), whose);
    PERFORM set_config('mandant.access_touched', whose, true);
  END IF;
  SELECT max(CASE version.holds_until WHEN 'infinity' THEN version.holds_from ELSE version.holds_until END)
  INTO newest
  FROM touched
  INNER JOIN $versions AS version ON $version_is_touched;
  -- Another transaction began later and was first: this one goes on from a later moment.
  IF changed_at IS NULL OR newest > changed_at THEN
    changed_at := greatest(clock_timestamp(), newest + interval '1 microsecond');
    PERFORM set_config('mandant.changed_at', changed_at::text, true);
  END IF;
  IF tg_op <> 'INSERT' THEN
    -- What this transaction began itself has never held.
    DELETE FROM $versions AS version
    USING touched
    LEFT JOIN $table AS present ON $present_is_touched
    WHERE $version_is_touched
      AND version.holds_until = 'infinity'
      AND version.holds_from = changed_at
      AND row($version_columns) IS DISTINCT FROM row($present_columns);
    UPDATE $versions AS version
    SET holds_until = changed_at
    FROM touched
    LEFT JOIN $table AS present ON $present_is_touched
    WHERE $version_is_touched
      AND version.holds_until = 'infinity'
      AND row($version_columns) IS DISTINCT FROM row($present_columns);
  END IF;
  IF tg_op <> 'DELETE' THEN
    -- What this transaction ended and made again has never ended.
    UPDATE $versions AS version
    SET holds_until = 'infinity'
    FROM touched
    INNER JOIN $table AS present ON $present_is_touched
    WHERE $version_is_touched
      AND version.holds_until = changed_at
      AND row($version_columns) IS NOT DISTINCT FROM row($present_columns);
    INSERT INTO $versions ($columns, holds_from, holds_until)
    SELECT $present_columns, changed_at, 'infinity'
    FROM touched
    INNER JOIN $table AS present ON $present_is_touched
    WHERE NOT EXISTS (
      SELECT FROM $versions AS version
      WHERE $version_is_touched AND version.holds_until = 'infinity'
    );
  END IF;
  RETURN NULL;
END
$body$;
