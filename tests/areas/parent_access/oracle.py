"""The rows of the area `parent_access` in the tables that have one for each mutation, table or id."""

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.base.ids import Kind
from models.parent_access.requests import parent_access_requests
from resolvers.parent_access.mail_kinds import BREAK_GLASS
from tests.authz.escalation.statuses import ABOVE, NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, NO_CONSEQUENCE, Access, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.links import ask, break_glass
from tests.client.updates import Field, Null, Update, Updated, of_account
from tests.storage.growth import kept, one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.world import World


async def _declined_link(stage: Stage) -> Values:
    values = await MUTATIONS["parentAccessAnswer"].prepare(stage)
    assert values is not None
    return {**values, "accept": False}


CONSEQUENCES = {
    "parentAccessUpdate": ACCESS_OF_OTHERS,
    "parentAccessAnswer": ACCESS_OF_OTHERS,
    "parentAccessWithdraw": NO_CONSEQUENCE,
    "breakGlassOpen": does(
        access=Access.OTHERS,
        mails={BREAK_GLASS},
        limited={Limited.BREAK_GLASS, Limited.BREAK_GLASS_NOTICES},
    ),
    "breakGlassEnd": ACCESS_OF_OTHERS,
}


STATUSES = {
    # The account asks for it, which gives the parent something to answer; the parent lowers it.
    "parentAccessUpdate: asks": Row(NEEDS_ACTIVE, ("owner",)),
    "parentAccessUpdate": Row(TAKES_AWAY, ABOVE),
    "parentAccessAnswer": Row(TAKES_AWAY, ABOVE),
    "parentAccessAnswer: declines": Row(TAKES_AWAY, ABOVE, prepare=_declined_link),
    "parentAccessWithdraw": Row(TAKES_AWAY, ("owner",)),
    "breakGlassOpen": Row(NEEDS_ACTIVE, ABOVE),
    "breakGlassEnd": Row(TAKES_AWAY),
}


BOUNDS = {
    "break_glass_openings": kept("who opened what, and why; limited while they are made"),
    "parent_access_requests": one_each("at most one for an account"),
}


REMOVES = {
    "breakGlassEnd": "breakGlassOpening.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    because = {"accountId": place.account.id, "reason": "because"}
    return {
        "parentAccessUpdate": because | {"expectedVersion": 1, "parentAccess": "NONE"},
        "parentAccessAnswer": account | {"parentAccess": "READ_ONLY", "accept": True},
        "parentAccessWithdraw": account | {"parentAccess": "READ_ONLY"},
        "breakGlassOpen": because | {"accountId": place.glass.id, "hours": 24},
        "breakGlassEnd": {"breakGlassId": place.opening.id},
    }


ID_FIELDS = {
    "breakGlassId": Kind.BREAK_GLASS,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await ask(world, tree.account, ParentAccess.NONE, tree.owner.person, from_above=True)
    await break_glass(world, tree.account, tree.owner.person)


async def _link(world: World, brand: Brand) -> Updated:
    await world.member(brand.us, BuiltinRole.OWNER)
    return of_account(brand.us, parent_access_requests)


UPDATES = {
    "parentAccessUpdate": Update(
        parent_access_requests,
        _link,
        {
            "parentAccess": Field(ParentAccess.READ_ONLY.value, (), Null.NEVER),
            "reason": Field("Because", (), Null.NEVER),
        },
    ),
}
