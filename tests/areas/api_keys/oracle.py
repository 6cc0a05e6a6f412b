"""The rows of the area `api_keys` in the tables that have one for each mutation, table or id."""

from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row, soon
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import ACCESS_OF_OTHERS, Access, Limited, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input, next_year
from tests.client.updates import Field, Null, Update, Updated, moment_in
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.world import World


async def _narrowed_key(stage: Stage) -> Values:
    bounds = {"permissions": ["ACCOUNT_READ"], "ipRanges": ["192.0.2.0/24"], "expiresAt": soon()}
    return {"apiKeyId": (await stage.key()).id, "expectedVersion": 1, **bounds}


CONSEQUENCES = {
    "apiKeyCreate": does(access=Access.OTHERS, limited={Limited.KEYS}),
    "apiKeyRevoke": ACCESS_OF_OTHERS,
    "apiKeyRotate": ACCESS_OF_OTHERS,
    "apiKeyUpdate": ACCESS_OF_OTHERS,
    "apiKeyAdopt": ACCESS_OF_OTHERS,
}


STATUSES = {
    "apiKeyCreate": Row(NEEDS_ACTIVE),
    "apiKeyRevoke": Row(TAKES_AWAY),
    "apiKeyRotate": Row(NEEDS_ACTIVE),
    "apiKeyUpdate": Row(NEEDS_ACTIVE),
    "apiKeyUpdate: narrows": Row(TAKES_AWAY, prepare=_narrowed_key),
    "apiKeyAdopt": Row(NEEDS_ACTIVE),
}


BOUNDS = {
    "api_keys": kept("what a key was, for whoever reads the log; limited while they are made"),
}


REMOVES = {
    "apiKeyRevoke": "apiKey.id",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    role = {"roleId": place.role.id}
    key = {"apiKeyId": place.key.id}
    return {
        "apiKeyCreate": account
        | role
        | {"name": "Key", "permissions": ["CONTACTS_READ"], "expiresAt": next_year()}
        | {
            "purpose": "MARKETING",
            "ipRanges": ["192.0.2.0/24"],
            "whenMakerLosesAccess": "STOP",
            "isTest": False,
        },
        "apiKeyUpdate": key
        | {"expectedVersion": 1, "name": "Key", "permissions": ["CONTACTS_READ"]}
        | {"ipRanges": ["2001:db8::/32"], "expiresAt": next_year()},
        "apiKeyAdopt": key,
        "apiKeyRevoke": key,
        "apiKeyRotate": key | {"overlapMinutes": 5},
    }


ID_FIELDS = {
    "apiKeyId": Kind.API_KEY,
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await world.api_key(tree.master)


async def _key(world: World, brand: Brand) -> Updated:
    key = await world.api_key(brand.us, BuiltinRole.ANALYST, scopes=Permission.ACCOUNT_READ.bit)
    bound = {"ip_ranges": ["192.0.2.0/24"], "expires_at": moment_in(9)}
    async with world.database.begin() as connection:
        own = api_keys.c.id == key.key
        await connection.execute(update(api_keys).where(own).values(bound))
    return Updated({"apiKeyId": key.id}, own)


UPDATES = {
    "apiKeyUpdate": Update(
        api_keys,
        _key,
        {
            "name": Field("New", ("name",), Null.REFUSED),
            "permissions": Field(
                ["STATISTICS_READ"],
                ("scopes",),
                mask_of({Permission.ACCOUNT_READ, Permission.STATISTICS_READ}),
            ),
            "ipRanges": Field(["2001:db8::/32"], ("ip_ranges",), []),
            "expiresAt": Field(moment_in(20).isoformat(), ("expires_at",), None),
        },
    ),
}
