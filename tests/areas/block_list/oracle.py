"""The rows of the area `block_list` in the tables that have one for each mutation, table or id."""

from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.block_list import give_entries
from tests.world.world import World

CONSEQUENCES = {"blockListAdd": NO_CONSEQUENCE, "blockListRemove": NO_CONSEQUENCE}

STATUSES = {"blockListAdd": Row(TAKES_AWAY), "blockListRemove": Row(NEEDS_ACTIVE)}

REMOVES = {"blockListRemove": "results.entryId"}

BOUNDS = {"block_entries": kept("to whom nothing is ever sent, until it is lifted")}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id, "phoneCountry": "DE"}
    return {
        "blockListAdd": account
        | {"addresses": ["ann@example.com"], "reason": "COMPLAINT", "source": "complaints.csv"},
        "blockListRemove": account | {"entries": ["ann@example.com"]},
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_entries(world, tree.master, ["ann@example.com"])
