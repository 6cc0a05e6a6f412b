"""The rows of the area `effects` in the tables that have one for each mutation, table or id."""

from sqlalchemy import insert

from models.base.ids import new_id
from models.effects.event_chain import GENESIS, event_chains, event_seals
from resolvers.effects.event_types import EventType
from tests.equality.drawn import rows
from tests.storage.growth import Bound, Growth, deleted, kept, one_each
from tests.storage.tree import Tree
from tests.world.world import World

BOUNDS = {
    "attempts": deleted("a window of tries"),
    "cost_budgets": deleted("a budget that is full again"),
    "events": kept("the log of what was changed"),
    "event_chains": one_each("at most one for an account"),
    "event_seals": kept("one for each event"),
    "log_sealing": Bound(Growth.FIXED, "one row: how far the log is sealed"),
    "log_numbering": Bound(Growth.FIXED, "one row: by how much the numbers of the log go ahead"),
    "idempotency_records": deleted("a key that a client may repeat"),
    "outbox_messages": deleted("mail, sent or not"),
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await rows.event(world, tree.master, EventType.ACCOUNT_CREATED, tree.owner.person)
    place = {"master_id": tree.master.master, "account_id": tree.master.key}
    seal = {"number": 1, "event_id": new_id(), "salt": GENESIS, "previous_hash": GENESIS, "hash": GENESIS}
    async with world.database.begin() as connection:
        await connection.execute(insert(event_chains).values(**place, event_count=1, head=GENESIS))
        await connection.execute(insert(event_seals).values(**place, **seal))
