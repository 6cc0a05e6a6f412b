"""Which invoices wait to be issued: of cycles that ended two hours ago, with all that they gather charged."""

import datetime
import uuid
from string import Template

from sqlalchemy import DateTime, FromClause, Uuid, column, func, literal

from models.functions import Language, StoredFunction, Volatility

INVOICED_AFTER = datetime.timedelta(hours=2)
"""After the end of the cycle that it is about: an hour later than cycles that end with it are charged."""

_HEAD = """mandant_invoices_to_issue(tree uuid)
  RETURNS TABLE (master_id uuid, account_id uuid, starts_at timestamptz, ends_at timestamptz)"""

_BODY = Template("""
SELECT DISTINCT charge.master_id, charge.billed_id AS account_id,
  charge.invoice_starts_at AS starts_at, charge.invoice_ends_at AS ends_at
FROM charges AS charge
WHERE charge.invoice_id IS NULL AND (tree IS NULL OR charge.master_id = tree)
  AND charge.invoice_ends_at <= mandant_now() - interval '$invoiced_after seconds'
  AND NOT EXISTS (
    SELECT FROM mandant_cycles_to_charge(tree) AS ended JOIN account_closure AS path
      ON path.master_id = ended.master_id AND path.descendant_id = ended.account_id
    WHERE path.master_id = charge.master_id AND path.ancestor_id = charge.billed_id
      AND ended.ends_at <= charge.invoice_ends_at
  )""").substitute(invoiced_after=INVOICED_AFTER.seconds)
"""All that an account is billed for; of one tree, or of all that the caller sees."""

FUNCTIONS = (StoredFunction(_HEAD, _BODY, Volatility.STABLE, language=Language.SQL),)


def invoices_to_issue(tree: uuid.UUID) -> FromClause:
    """Those of a tree, as rows (account_id, starts_at, ends_at); the period is half-open."""
    moment = DateTime(timezone=True)
    return func.mandant_invoices_to_issue(literal(tree, Uuid)).table_valued(
        column("account_id", Uuid()), column("starts_at", moment), column("ends_at", moment)
    )
