"""The rows of the area `narrowed_tokens` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from tests.areas.narrowed_tokens.giving import give_token
from tests.authz.escalation.statuses import TAKES_AWAY, Row
from tests.authz.rules.consequences import Access, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import deleted
from tests.storage.tree import Tree
from tests.world.world import Account, World

CONSEQUENCES = {
    "tokenNarrow": does(access=Access.ITSELF, limited={Limited.NARROWED_TOKENS}),
    "tokenRevoke": does(access=Access.ITSELF),
}


# A token never has more than what its status leaves of it.
STATUSES = {
    "tokenNarrow": Row(TAKES_AWAY),
    "tokenRevoke": Row(TAKES_AWAY),
}


BOUNDS = {
    "narrowed_tokens": deleted("a token that ended; it lives for an hour"),
}


REMOVES = {
    "tokenRevoke": "narrowedToken.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    return {
        "tokenNarrow": {"accountIds": [place.account.id], "permissions": ["CONTACTS_READ"]}
        | {"expiresInMinutes": 5, "audience": "Widget"},
        "tokenRevoke": {"narrowedTokenId": place.objects[Kind.NARROWED_TOKEN]},
    }


ID_FIELDS = {
    "narrowedTokenId": Kind.NARROWED_TOKEN,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.NARROWED_TOKEN: (await give_token(world, await world.api_key(account), account)).id}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_token(world, tree.owner.person, tree.master)
