"""The rows of the area `access` in the tables that have one for each mutation, table or id."""

from models.access.histories import HISTORIES
from tests.equality.drawn import rows
from tests.storage.growth import deleted, kept
from tests.storage.tree import Tree
from tests.world.world import World

BOUNDS = {
    "expiry_notices": deleted("what was told of an end"),
    **{
        history.versions.name: kept("who could do what in the past, as long as the log tells who changed it")
        for history in HISTORIES
    },
    "session_ends": kept("until when narrowed tokens worked, as long as their histories"),
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await rows.expiry_notice(world, tree.master)
