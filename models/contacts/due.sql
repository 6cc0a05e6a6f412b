-- The jobs about contacts that are not done. Of those whose file is still uploaded: the ones whose server
-- died. Contacts of a closed account are kept for a while.
CREATE OR REPLACE FUNCTION mandant_contact_jobs_to_do()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  job.master_id,
  job.id
FROM contact_jobs AS job
WHERE
  (
    job.status IN ('WAITING', 'RUNNING')
    AND (
      job.kind <> 'CONTACTS_DELETION'
      OR job.created_at < now() - make_interval(days => $kept_after_closing)
    )
  )
  OR (job.status = 'UPLOADING' AND job.created_at < now() - make_interval(secs => $upload_time))
$body$;
