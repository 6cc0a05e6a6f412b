"""The rows of the area `shares` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from models.base.ids import Kind
from models.shares.tables import shares
from resolvers.shares.mail_kinds import SHARE
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row, soon
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, OFFERED, OWN_ACCESS, Access, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, next_year, unused_address
from tests.client.mutations import ROLE_IDS
from tests.client.updates import Field, Null, Update, Updated, moment_in
from tests.storage.growth import kept, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.shares import Given, give_share
from tests.world.world import World


async def _narrowed_share(stage: Stage) -> Values:
    values = {"accountIds": [stage.account.id], "areas": ["STATISTICS"], "expectedVersion": 1}
    return {**values, "shareId": (await stage.share()).id, "expiresAt": soon()}


CONSEQUENCES = {
    "shareCreate": does(access=Access.OTHERS, mails={SHARE}, limited=OFFERED),
    "shareUpdate": ACCESS_OF_OTHERS,
    "shareRevoke": ACCESS_OF_OTHERS,
    "shareAccept": ACCESS_OF_OTHERS,
    "shareLeave": ACCESS_OF_OTHERS,
    "shareDecline": OWN_ACCESS,
    "personRemove": ACCESS_OF_OTHERS,
}


STATUSES = {
    "shareCreate": Row(NEEDS_ACTIVE),
    "shareUpdate": Row(NEEDS_ACTIVE),
    "shareUpdate: narrows": Row(TAKES_AWAY, prepare=_narrowed_share),
    "shareDecline": Row(TAKES_AWAY),
    "shareRevoke": Row(TAKES_AWAY),
    "shareAccept": Row(NEEDS_ACTIVE, ("newcomer",)),
    "shareLeave": Row(TAKES_AWAY, ("guest",)),
    "personRemove": Row(TAKES_AWAY),
}


BOUNDS = {
    "share_accounts": one_each("the accounts of a share"),
    "shares": kept("what was shared with whom; limited while they are made"),
}


REMOVES = {
    "shareLeave": "share.id",
    "shareRevoke": "share.id",
    "personRemove": "removedMemberIds",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    role = {"roleId": place.role.id}
    shared = {"accountIds": [place.account.id], "areas": None, "hiddenAreas": ["CONTACTS"]}
    share = {"shareId": place.share.id}
    return {
        "shareCreate": shared
        | role
        | {"email": unused_address(place), "expiresAt": next_year(), "idempotencyKey": "3"},
        "shareUpdate": shared | role | share | {"expectedVersion": 1, "expiresAt": next_year()},
        "shareRevoke": share,
        "shareAccept": {"token": place.offer.token},
        "shareDecline": {"token": place.offer.token},
        "shareLeave": share,
        "personRemove": {"accountId": place.account.id, "userId": place.member.person.id},
    }


ID_FIELDS = {
    "shareId": Kind.SHARE,
    "userId": Kind.USER,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_share(world, [tree.master], await world.person(), tree.owner.person)


async def _share(world: World, brand: Brand) -> Updated:
    return await _given(world, brand, Given(hidden=[Area.CONTACTS], expires_at=moment_in(9)))


async def _share_of_areas(world: World, brand: Brand) -> Updated:
    return await _given(world, brand, Given(role=None, areas=[Area.CONTACTS], expires_at=moment_in(9)))


async def _given(world: World, brand: Brand, given: Given) -> Updated:
    share = await give_share(world, [brand.us], await world.person(), brand.owner.person, given)
    return Updated({"shareId": share.id}, shares.c.id == share.key)


async def _other_account(world: World, brand: Brand) -> list[str]:
    return [brand.uk.id]


UPDATES = {
    "shareUpdate": Update(
        shares,
        _share,
        {
            "accountIds": Field(_other_account, ("accounts",), Null.REFUSED),
            "roleId": Field(ROLE_IDS[BuiltinRole.ANALYST], ("role_id",), Null.REFUSED),
            "areas": Field(["STATISTICS"], ("areas", "areas_mask"), Null.REFUSED, _share_of_areas),
            "hiddenAreas": Field(["STATISTICS"], ("hidden_areas", "hidden_mask"), []),
            "expiresAt": Field(moment_in(20).isoformat(), ("expires_at",), None),
        },
    ),
}
