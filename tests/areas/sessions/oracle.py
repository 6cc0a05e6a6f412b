"""The rows of the area `sessions` in the tables that have one for each mutation, table or id."""

from sqlalchemy import select

from models.base.ids import Kind
from models.people.users import ownerships
from models.sessions.tables import session_limits
from tests.areas.sessions.stored import give_limits, give_session
from tests.authz.escalation.statuses import BOTH, TAKES_AWAY, Inactive, Row, in_each_place
from tests.authz.rules.consequences import NO_CONSEQUENCE, OWN_ACCESS
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Update, Updated, of_account
from tests.storage.growth import one_each
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.world import Account, Person, World

CONSEQUENCES = {
    "sessionRevoke": OWN_ACCESS,
    "sessionRevokeOthers": OWN_ACCESS,
    "sessionLimitsUpdate": NO_CONSEQUENCE,
}


STATUSES = {
    # They are about no account.
    "sessionRevoke": Row(in_each_place("NOT_FOUND", "NOT_FOUND", "NOT_FOUND"), BOTH),
    "sessionRevokeOthers": Row(TAKES_AWAY, BOTH, unchanged=frozenset(Inactive)),
    # It is the master account's.
    "sessionLimitsUpdate": Row(in_each_place(*["FAILED_PRECONDITION"] * 3)),
}


BOUNDS = {
    "session_limits": one_each("at most one for a master account"),
}


REMOVES = {
    "sessionRevoke": "sessionId",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    return {
        "sessionRevoke": {"sessionId": place.objects[Kind.SESSION]},
        "sessionLimitsUpdate": {"accountId": place.master.id, "expectedVersion": 1}
        | {"idleMinutes": 30, "maximumMinutes": 600},
    }


ID_FIELDS = {
    "sessionId": Kind.SESSION,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has: a session of who owns the master account."""
    owner = select(ownerships.c.user_id).where(ownerships.c.account_id == account.master)
    async with world.database.connect() as connection:
        key = (await connection.execute(owner)).scalar_one()
    return {Kind.SESSION: (await give_session(world, Person(key, "", "", "")))[0]}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_limits(world, tree.master, idle_minutes=60)


async def _limits(world: World, brand: Brand) -> Updated:
    await give_limits(world, brand.master, idle_minutes=60, maximum_minutes=1_000)
    return of_account(brand.master, session_limits)


UPDATES = {
    "sessionLimitsUpdate": Update(
        session_limits,
        _limits,
        {
            "idleMinutes": Field(30, ("idle_minutes",), None),
            "maximumMinutes": Field(600, ("maximum_minutes",), None),
        },
    ),
}
