"""How workers get into a tree.

A worker is in no tree, so row level security shows it nothing. A stored function lets its transaction into a
tree in which something is due, and into no other.
"""

from sqlalchemy import Uuid, bindparam, func, select

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId


async def enter_as_worker(session: WriteSession, master_id: MasterId) -> bool:
    """Show the tree to the rest of the transaction. False, and nothing is shown, where nothing in it is
    due."""
    (row,) = await _ENTERING.rows(session, {"tree": master_id})
    return bool(row.entered)


_ENTERING = FixedStatement(
    select(func.mandant_enter_as_worker(bindparam("tree", type_=Uuid())).label("entered"))
)
