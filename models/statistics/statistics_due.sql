-- The trees in which something was counted that is not added up yet.
CREATE OR REPLACE FUNCTION mandant_statistics_due()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  due.master_id,
  due.master_id
FROM statistics_due AS due
$body$;
