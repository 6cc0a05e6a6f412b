-- Months since the year 0, by a local clock.
CREATE OR REPLACE FUNCTION mandant_month_number(local timestamp)
RETURNS integer
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
SELECT (12 * extract(YEAR FROM local) + extract(MONTH FROM local))::integer
$body$;

-- When the cycle with this number begins. The anchor lies in cycle 0.
CREATE OR REPLACE FUNCTION mandant_cycle_start(anchored timestamptz, zone text, number integer)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
SELECT
  (date_trunc('day', anchored AT TIME ZONE zone) + make_interval(months => number)) AT TIME ZONE zone
$body$;

-- The number of the cycle that holds the moment. It begins in the moment's month, or in the month before
-- where the moment's day comes before the anchor's.
CREATE OR REPLACE FUNCTION mandant_cycle_number(anchored timestamptz, zone text, moment timestamptz)
RETURNS integer
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
SELECT
  mandant_month_number(moment AT TIME ZONE zone) - mandant_month_number(anchored AT TIME ZONE zone)
  - (mandant_cycle_start(
    anchored, zone,
    mandant_month_number(moment AT TIME ZONE zone) - mandant_month_number(anchored AT TIME ZONE zone)
  ) > moment)::integer
$body$;
