"""The rows of the area `suppressions` in the tables that have one for each mutation, table or id."""

from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import kept, one_each
from tests.storage.tree import Tree
from tests.world.suppressions import ago, give_suppressions
from tests.world.world import World

CONSEQUENCES = {
    "unsubscribeReport": NO_CONSEQUENCE,
    "bounceReport": NO_CONSEQUENCE,
    "resubscribe": NO_CONSEQUENCE,
}

STATUSES = {
    "unsubscribeReport": Row(TAKES_AWAY),
    "bounceReport": Row(TAKES_AWAY),
    "resubscribe": Row(NEEDS_ACTIVE),
}

BOUNDS = {
    "unsubscribes": kept("who wants no more, and who agreed again"),
    "bounces": one_each("the addresses that an account sent to, with at most five moments each"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id, "phoneCountry": "DE"}
    report = {"address": "ann@example.com", "occurredAt": ago(days=1)}
    return {
        "unsubscribeReport": account | {"reports": [report | {"contactListId": None}]},
        "bounceReport": account | {"reports": [report | {"kind": "SOFT"}]},
        "resubscribe": account
        | {"address": "ann@example.com", "evidence": "The form of 3 May", "contactListId": None},
    }


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_suppressions(world, tree.master, "ann@example.com")
