"""The rows of the area `members` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.members.tables import memberships
from resolvers.members.mail_kinds import OWNERSHIP_OFFER
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row, soon
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, NO_CONSEQUENCE, OFFERED, Access, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, next_year
from tests.client.mutations import ROLE_IDS
from tests.client.updates import Field, Null, Update, Updated, moment_in
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.ownership import give_offer
from tests.world.world import World


async def _raised_member(stage: Stage) -> Values:
    administrator = present(Kind.ROLE, BuiltinRole.ADMINISTRATOR.id)
    return {"memberId": (await stage.marketer()).id, "roleId": administrator}


async def _shortened_member(stage: Stage) -> Values:
    return {"memberId": (await stage.marketer()).id, "expiresAt": soon()}


CONSEQUENCES = {
    "memberUpdate": ACCESS_OF_OTHERS,
    "memberRemove": ACCESS_OF_OTHERS,
    "memberLeave": ACCESS_OF_OTHERS,
    "ownershipTransfer": does(access=Access.OTHERS, mails={OWNERSHIP_OFFER}, limited=OFFERED),
    "ownershipTransferWithdraw": NO_CONSEQUENCE,
    "ownershipAccept": ACCESS_OF_OTHERS,
    "ownershipDecline": NO_CONSEQUENCE,
}


STATUSES = {
    "memberUpdate": Row(TAKES_AWAY),
    "memberUpdate: raises": Row(NEEDS_ACTIVE, prepare=_raised_member),
    "memberUpdate: shortens": Row(TAKES_AWAY, prepare=_shortened_member),
    "memberRemove": Row(TAKES_AWAY),
    "memberLeave": Row(TAKES_AWAY, ("analyst",)),
    "ownershipTransfer": Row(NEEDS_ACTIVE),
    "ownershipAccept": Row(NEEDS_ACTIVE, ("marketer",)),
    "ownershipDecline": Row(TAKES_AWAY, ("marketer",)),
    "ownershipTransferWithdraw": Row(TAKES_AWAY),
}


BOUNDS = {
    "memberships": one_each("at most one for a person in an account"),
    "ownership_offers": one_each("at most one for an account"),
}


REMOVES = {
    "memberLeave": "removedMemberId",
    "memberRemove": "removedMemberId",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    role = {"roleId": place.role.id}
    return {
        "memberUpdate": role | {"memberId": place.member.id, "expectedVersion": 1, "expiresAt": next_year()},
        "memberRemove": {"memberId": place.member.id},
        "memberLeave": account,
        **dict.fromkeys(("ownershipAccept", "ownershipDecline", "ownershipTransferWithdraw"), account),
        "ownershipTransfer": account | {"toMemberId": place.member.id, "fromMemberId": place.owner.id},
    }


ID_FIELDS = {
    "memberId": Kind.MEMBER,
    "toMemberId": Kind.MEMBER,
    "fromMemberId": Kind.MEMBER,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    taker = await world.member(tree.master, BuiltinRole.ANALYST)
    await give_offer(world, tree.master, taker, tree.owner.person, tree.owner)


async def _member(world: World, brand: Brand) -> Updated:
    member = await world.member(brand.us, BuiltinRole.ANALYST, expires_at=moment_in(9))
    return Updated({"memberId": member.id}, memberships.c.id == member.key)


UPDATES = {
    "memberUpdate": Update(
        memberships,
        _member,
        {
            "roleId": Field(ROLE_IDS[BuiltinRole.MARKETER], ("role_id",), Null.REFUSED),
            "expiresAt": Field(moment_in(20).isoformat(), ("expires_at",), None),
        },
    ),
}
