"""Which cycles wait to be charged: those that ended an hour ago and are not charges yet.

The hour lets what was under way at the boundary end: a reservation counts in the cycle in which it was made,
and may be committed a little later. A master account that never chose a plan has cycles too; they are charged
where there is something to charge.
"""

import datetime
from string import Template

from sqlalchemy import DateTime, FromClause, Uuid, column, func

from models.base.stored_functions import Language, StoredFunction, Volatility

CHARGED_AFTER = datetime.timedelta(hours=1)
"""After its end."""

_HEAD = """mandant_cycles_to_charge()
  RETURNS TABLE (master_id uuid, account_id uuid, starts_at timestamptz, ends_at timestamptz)"""

_BODY = Template("""
SELECT ended.master_id, ended.account_id, ended.starts_at, ended.ends_at FROM (
  SELECT numbered.master_id, numbered.account_id,
    mandant_cycle_start(numbered.anchored_at, numbered.time_zone, numbered.number) AS starts_at,
    mandant_cycle_start(numbered.anchored_at, numbered.time_zone, numbered.number + 1) AS ends_at
  FROM (
    SELECT counted.*, mandant_cycle_number(counted.anchored_at, counted.time_zone,
      greatest(charged.charged_until, counted.anchored_at)) AS number
    FROM (
      SELECT subscription.master_id, subscription.account_id, subscription.anchored_at,
        subscription.time_zone
      FROM subscriptions AS subscription
      UNION ALL
      SELECT root.master_id, root.id, root.created_at, 'UTC'
      FROM accounts AS root
      WHERE root.id = root.master_id
        AND NOT EXISTS (
          SELECT FROM subscriptions AS chosen
          WHERE chosen.master_id = root.master_id AND chosen.account_id = root.id
        )
        AND EXISTS (
          SELECT FROM send_cycles AS cycle JOIN send_reservations AS sent
            ON sent.master_id = cycle.master_id AND sent.cycle_id = cycle.id
          WHERE cycle.master_id = root.master_id AND cycle.account_id = root.id
            AND sent.price > 0 AND sent.status = 'COMMITTED'
            AND NOT EXISTS (
              SELECT FROM charges AS charge
              WHERE charge.master_id = root.master_id AND charge.account_id = sent.account_id
                AND charge.product = 'SENDS_BEYOND' AND charge.source_id = cycle.id
            )
        )
    ) AS counted
    LEFT JOIN charged_cycles AS charged
      ON charged.master_id = counted.master_id AND charged.account_id = counted.account_id
    -- No cycle is shorter: most accounts are passed over here.
    WHERE coalesce(charged.charged_until, counted.anchored_at) < mandant_now() - interval '27 days'
  ) AS numbered
) AS ended
WHERE ended.ends_at <= mandant_now() - interval '$charged_after seconds'""").substitute(
    charged_after=CHARGED_AFTER.seconds
)
"""Of each subscription the first such cycle, in all trees that the caller sees."""

FUNCTIONS = (StoredFunction(_HEAD, _BODY, Volatility.STABLE, language=Language.SQL),)


def cycles_to_charge() -> FromClause:
    """As rows (master_id, account_id, starts_at, ends_at)."""
    moment = DateTime(timezone=True)
    return func.mandant_cycles_to_charge().table_valued(
        column("master_id", Uuid()),
        column("account_id", Uuid()),
        column("starts_at", moment),
        column("ends_at", moment),
    )
