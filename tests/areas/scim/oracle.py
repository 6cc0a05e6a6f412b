"""The rows of the area `scim` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind
from tests.areas.scim.giving import give_all, give_group
from tests.authz.escalation.statuses import NEEDS_ACTIVE, Row
from tests.authz.rules.consequences import ACCESS_OF_OTHERS
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.mutations import ROLE_IDS
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.world import Account, World

CONSEQUENCES = {
    "scimGroupRoleSet": ACCESS_OF_OTHERS,
}


STATUSES = {
    "scimGroupRoleSet": Row(NEEDS_ACTIVE),
}


BOUNDS = {
    "scim_users": one_each("a person of the company's directory"),
    "scim_groups": one_each("a group of the company's directory"),
    "scim_group_members": one_each("a person in a group of the directory"),
    "scim_group_roles": one_each("at most one for a group in an account"),
    "scim_memberships": one_each("a membership that a group has given"),
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    group, role = place.objects[Kind.SCIM_GROUP], ROLE_IDS[BuiltinRole.ANALYST]
    return {"scimGroupRoleSet": {"groupId": group, "accountId": place.account.id, "roleId": role}}


ID_FIELDS = {
    "groupId": Kind.SCIM_GROUP,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    return {Kind.SCIM_GROUP: await give_group(world, account)}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_all(world, tree.master, tree.owner.person)
