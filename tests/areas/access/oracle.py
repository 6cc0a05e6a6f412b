"""The rows of the area `access` in the tables that have one for each mutation, table or id."""

from tests.equality.drawn import rows
from tests.storage.growth import deleted
from tests.storage.tree import Tree
from tests.world.world import World

BOUNDS = {
    "expiry_notices": deleted("what was told of an end"),
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await rows.expiry_notice(world, tree.master)
