"""The rows of the area `promises` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from tests.areas.promises.giving import give_promise
from tests.authz.escalation.statuses import NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.mutations import ROLE_IDS
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.world import Account, World

CONSEQUENCES = {
    "accessPromiseCreate": NO_CONSEQUENCE,
    "accessPromiseEnd": NO_CONSEQUENCE,
}


STATUSES = {
    "accessPromiseCreate": Row(NEEDS_ACTIVE, ("owner",)),
    "accessPromiseEnd": Row(NEEDS_ACTIVE, ("owner",)),
}


BOUNDS = {
    "access_promises": kept("what was promised, for whoever reads the log; at most 20 hold at once"),
    "access_promise_exceptions": kept("people and keys that an owner let through, with a reason"),
}


REMOVES = {
    "accessPromiseEnd": "accessPromise.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    roles = [ROLE_IDS[role] for role in BuiltinRole]
    return {
        "accessPromiseCreate": {"accountId": place.account.id, "permission": "INVOICES_WRITE"}
        | {"roleIds": roles},
        "accessPromiseEnd": {"accessPromiseId": place.objects[Kind.ACCESS_PROMISE]},
    }


ID_FIELDS = {
    "accessPromiseId": Kind.ACCESS_PROMISE,
    "roleIds": Kind.ROLE,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.ACCESS_PROMISE: await give_promise(world, account)}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_promise(world, tree.master, excepted=tree.owner.person)
