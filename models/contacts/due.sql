-- The jobs about contacts that are not done.
CREATE OR REPLACE FUNCTION mandant_contact_jobs_to_do()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  job.master_id,
  job.id
FROM contact_jobs AS job
WHERE job.status IN ('WAITING', 'RUNNING')
$body$;
