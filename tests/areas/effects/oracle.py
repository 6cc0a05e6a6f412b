"""The rows of the area `effects` in the tables that have one for each mutation, table or id."""

from resolvers.effects.event_types import EventType
from tests.equality.drawn import rows
from tests.storage.growth import Bound, Growth, deleted, kept
from tests.storage.tree import Tree
from tests.world.world import World

BOUNDS = {
    "attempts": deleted("a window of tries"),
    "cost_budgets": deleted("a budget that is full again"),
    "events": kept("the log of what was changed"),
    "log_numbering": Bound(Growth.FIXED, "one row: by how much the numbers of the log go ahead"),
    "idempotency_records": deleted("a key that a client may repeat"),
    "outbox_messages": deleted("mail, sent or not"),
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await rows.event(world, tree.master, EventType.ACCOUNT_CREATED, tree.owner.person)
