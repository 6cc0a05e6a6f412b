"""What workers are let see and enter to charge cycles and to issue invoices, as functions of the database.

As in `authz.worker_functions`: they run as their owner, tell where there is such work, and let a transaction
into a tree as long as there is some in it.
"""

import uuid

from sqlalchemy import Integer, Select, Uuid, column, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.functions import Rights, StoredFunction, Volatility
from models.identifiers import MasterId

_CHARGES = """
BEGIN
  RETURN QUERY
    SELECT ended.master_id, ended.account_id FROM mandant_cycles_to_charge(NULL) AS ended
    WHERE ended.account_id > after ORDER BY ended.account_id LIMIT most;
END"""

# An hour later than cycles are charged: what an invoice gathers is charged before it is issued.
_INVOICES = """
BEGIN
  RETURN QUERY
    SELECT DISTINCT charge.master_id, charge.billed_id FROM charges AS charge
    WHERE charge.invoice_id IS NULL AND charge.invoice_ends_at <= mandant_now() - interval '2 hours'
      AND charge.billed_id > after
    ORDER BY charge.billed_id LIMIT most;
END"""

_ENTER = """
BEGIN
  IF NOT EXISTS (SELECT FROM mandant_cycles_to_charge(tree)) AND NOT EXISTS (
    SELECT FROM charges WHERE master_id = tree AND invoice_id IS NULL
      AND invoice_ends_at <= mandant_now() - interval '2 hours'
  ) THEN
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', '{' || tree || '}', true);
  RETURN true;
END"""

_DUE = "(after uuid, most integer) RETURNS TABLE (tree uuid, account uuid)"

FUNCTIONS = (
    StoredFunction(f"mandant_charges_due{_DUE}", _CHARGES, Volatility.STABLE, Rights.OWNER),
    StoredFunction(f"mandant_invoices_due{_DUE}", _INVOICES, Volatility.STABLE, Rights.OWNER),
    StoredFunction("mandant_enter_to_bill(tree uuid) RETURNS boolean", _ENTER, rights=Rights.OWNER),
)


def charges_due(after: uuid.UUID, most: int) -> Select[tuple[uuid.UUID, uuid.UUID]]:
    """Trees and accounts whose subscription has a cycle to be charged, in the order of the accounts' ids."""
    function = func.mandant_charges_due(literal(after, Uuid), literal(most, Integer))
    found = function.table_valued(column("tree", Uuid()), column("account", Uuid()))
    return select(found.c.tree, found.c.account)


def invoices_due(after: uuid.UUID, most: int) -> Select[tuple[uuid.UUID, uuid.UUID]]:
    """Trees and accounts that an invoice is to be issued to, in the order of the accounts' ids."""
    function = func.mandant_invoices_due(literal(after, Uuid), literal(most, Integer))
    found = function.table_valued(column("tree", Uuid()), column("account", Uuid()))
    return select(found.c.tree, found.c.account)


async def enter_to_bill(session: AsyncSession, master_id: MasterId) -> bool:
    """Show the rest of the transaction the tree; false, and nothing is shown, where nothing is due in it."""
    entering = select(func.mandant_enter_to_bill(literal(master_id, Uuid)))
    return bool((await session.execute(entering)).scalar_one())
