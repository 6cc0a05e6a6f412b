-- What workers have to do, in all trees that the caller sees: rows as in the queue. NULL: of every kind.
CREATE OR REPLACE FUNCTION mandant_due(kinds text[])
RETURNS TABLE (kind text, tree uuid, subject uuid)
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
$due
$body$;
