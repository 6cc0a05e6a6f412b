-- The trees with messages that a worker has to look at.
CREATE OR REPLACE FUNCTION mandant_deliveries_due()
RETURNS TABLE (tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT DISTINCT
  queue.master_id,
  queue.master_id
FROM delivery_queues AS queue
WHERE queue.due_at <= now()
$body$;
