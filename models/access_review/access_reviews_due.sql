-- The access reviews of which a worker has to remind the owners, or that have to end.
CREATE OR REPLACE FUNCTION mandant_access_reviews_due()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  review.master_id,
  review.id
FROM access_reviews AS review
WHERE review.work_due_at <= now()
$body$;
