"""The rows of the area `contacts` in the tables that have one for each mutation, table or id."""

from tests.storage.growth import kept, one_each
from tests.storage.tree import Tree
from tests.world.contacts import give_listed_contact
from tests.world.world import World

BOUNDS = {
    "contact_attributes": one_each("at most 100 of an account"),
    "contact_list_members": one_each("the lists of a contact"),
    "contact_lists": kept("which lists an account has made"),
    "contacts": kept("whom an account writes to, until it removes them"),
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_listed_contact(world, tree.master)
