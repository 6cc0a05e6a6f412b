-- The domains whose records in DNS a worker has to look at.
CREATE OR REPLACE FUNCTION mandant_domains_to_check()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  domain.master_id,
  domain.id
FROM domains AS domain
WHERE domain.check_due_at <= now()
$body$;
