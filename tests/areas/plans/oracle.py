"""The rows of the area `plans` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from tests.storage.growth import Bound, Growth, kept, one_each
from tests.storage.tree import Tree
from tests.world.plans import STARTER, buy, subscribe
from tests.world.world import World

BOUNDS = {
    "limit_increases": kept("what was bought"),
    "plan_choices": kept("by which plan a past cycle was charged"),
    "plans": Bound(Growth.FIXED, "the catalogue"),
    "subscriptions": one_each("at most one for an account"),
}


ID_FIELDS = {
    "planId": Kind.PLAN,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await subscribe(world, tree.master, STARTER)
    await buy(world, tree.master)
