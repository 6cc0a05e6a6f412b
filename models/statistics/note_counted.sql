-- Have a worker add up what the transaction counts in the tree. Whoever counts shares a lock of the tree's
-- row, so that no job deletes it before what was counted is there to be seen. So only the first one that
-- counts after a pause puts in a job. It says no more than that something was counted, so anybody who counts
-- may call it, also outside of a tree.
CREATE OR REPLACE FUNCTION mandant_note_counted(tree uuid)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
BEGIN
  PERFORM FROM statistics_due WHERE master_id = tree FOR KEY SHARE;
  IF FOUND THEN
    RETURN;
  END IF;
  INSERT INTO statistics_due (master_id) VALUES (tree) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM mandant_enqueue('statistics_roll_up', tree, tree, mandant_now() + interval '1 second');
    RETURN;
  END IF;
  -- Somebody else was first. The row is there by now, and perhaps gone again.
  PERFORM mandant_note_counted(tree);
END
$body$;
