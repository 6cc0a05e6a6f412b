"""Which invoices wait to be issued: of cycles that ended two hours ago, with all that they gather charged."""

import datetime
from string import Template

from sqlalchemy import DateTime, FromClause, Uuid, column, func

from models.base.stored_functions import Language, StoredFunction, Volatility

INVOICED_AFTER = datetime.timedelta(hours=2)
"""After the end of the cycle that it is about: an hour later than cycles that end with it are charged."""

_HEAD = """mandant_invoices_to_issue()
  RETURNS TABLE (master_id uuid, account_id uuid, starts_at timestamptz, ends_at timestamptz)"""

_BODY = Template("""
SELECT period.master_id, period.account_id, period.starts_at, period.ends_at
FROM (
  SELECT DISTINCT charge.master_id, charge.billed_id AS account_id,
    charge.invoice_starts_at AS starts_at, charge.invoice_ends_at AS ends_at
  FROM charges AS charge
  WHERE charge.invoice_id IS NULL
    AND charge.invoice_ends_at <= mandant_now() - interval '$invoiced_after seconds'
) AS period
WHERE NOT EXISTS (
  SELECT FROM mandant_cycles_to_charge() AS ended JOIN account_closure AS path
    ON path.master_id = ended.master_id AND path.descendant_id = ended.account_id
  WHERE path.master_id = period.master_id AND path.ancestor_id = period.account_id
    AND ended.ends_at <= period.ends_at
)""").substitute(invoiced_after=INVOICED_AFTER.seconds)
"""Of all accounts that are billed, in all trees that the caller sees."""

FUNCTIONS = (StoredFunction(_HEAD, _BODY, Volatility.STABLE, language=Language.SQL),)


def invoices_to_issue() -> FromClause:
    """As rows (master_id, account_id, starts_at, ends_at); the period is half-open."""
    moment = DateTime(timezone=True)
    return func.mandant_invoices_to_issue().table_valued(
        column("master_id", Uuid()),
        column("account_id", Uuid()),
        column("starts_at", moment),
        column("ends_at", moment),
    )
