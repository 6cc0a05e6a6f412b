-- The campaigns that a worker has to look at.
CREATE OR REPLACE FUNCTION mandant_campaigns_due()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT
  campaign.master_id,
  campaign.id
FROM campaigns AS campaign
WHERE campaign.work_due_at <= now()
$body$;
