-- When the transaction began, by the clock of plans. Without a row, that is the database's own clock.
CREATE OR REPLACE FUNCTION mandant_now()
RETURNS timestamptz
LANGUAGE sql STABLE SECURITY INVOKER AS $body$
SELECT now() + make_interval(secs => coalesce((SELECT ahead FROM clock), 0))
$body$;
