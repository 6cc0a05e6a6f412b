"""The rows of the area `domains` in the tables that have one for each mutation, table or id."""

from models.base.ids import Kind
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.domains import give_domain
from tests.world.world import Account, World

CONSEQUENCES = {
    "domainAdd": does(limited={Limited.DOMAINS}),
    "domainVerify": does(limited={Limited.DOMAIN_CHECKS}),
    "domainKeyReplace": does(limited={Limited.DOMAINS}),
    "domainRemove": NO_CONSEQUENCE,
}


STATUSES = {
    "domainAdd": Row(NEEDS_ACTIVE),
    "domainVerify": Row(NEEDS_ACTIVE),
    "domainKeyReplace": Row(NEEDS_ACTIVE),
    "domainRemove": Row(TAKES_AWAY),
}


BOUNDS = {
    "domain_claims": one_each("a name that is verified"),
    "domain_keys": one_each("a sending domain"),
    "domain_records": one_each("at most six of a domain"),
    "domains": one_each("as many of an account as support allows, and one for tracking"),
}


REMOVES = {
    "domainRemove": "removedDomainId",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    name = f"news-{place.account.key.hex}.example.com"
    domain = {"domainId": place.objects[Kind.DOMAIN]}
    return {
        "domainAdd": {"accountId": place.account.id, "kind": "TRACKING", "name": name},
        "domainVerify": domain,
        "domainKeyReplace": domain,
        "domainRemove": domain,
    }


ID_FIELDS = {
    "domainId": Kind.DOMAIN,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.DOMAIN: (await give_domain(world, account)).id}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_domain(world, tree.master)
