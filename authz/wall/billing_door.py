"""How workers get into a tree to charge cycles and to issue invoices, as a function of the database.

As in `authz.wall.worker_door`: it runs as its owner, and lets a transaction in as long as there is such work.
"""

from sqlalchemy import Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId
from models.base.stored_functions import Rights, StoredFunction

_ENTER = """
BEGIN
  IF NOT EXISTS (SELECT FROM mandant_cycles_to_charge() WHERE master_id = tree)
    AND NOT EXISTS (SELECT FROM mandant_invoices_to_issue() WHERE master_id = tree) THEN
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END"""

FUNCTIONS = (StoredFunction("mandant_enter_to_bill(tree uuid) RETURNS boolean", _ENTER, rights=Rights.OWNER),)


async def enter_to_bill(session: WriteSession, master_id: MasterId) -> bool:
    """Show the rest of the transaction the tree; false, and nothing is shown, where nothing is due in it."""
    entering = select(func.mandant_enter_to_bill(literal(master_id, Uuid)))
    return bool((await session.execute(entering)).scalar_one())
