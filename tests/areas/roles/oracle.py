"""The rows of the area `roles` in the tables that have one for each mutation, table or id."""

from sqlalchemy import update

from models.base.ids import Kind
from models.roles.tables import roles
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_rows import Values
from tests.authz.rules.consequences import ACCESS_OF_OTHERS
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import kept, one_each
from tests.world.brand import Brand
from tests.world.world import World


async def _narrowed_role(stage: Stage) -> Values:
    role = await stage.world.role(stage.account, "ACCOUNT_READ STATISTICS_READ")
    return {"roleId": role.id, "expectedVersion": 1, "permissions": ["ACCOUNT_READ"]}


CONSEQUENCES = {
    "roleCreate": ACCESS_OF_OTHERS,
    "roleUpdate": ACCESS_OF_OTHERS,
    "roleDelete": ACCESS_OF_OTHERS,
}


STATUSES = {
    "roleCreate": Row(NEEDS_ACTIVE),
    "roleUpdate": Row(NEEDS_ACTIVE),
    "roleUpdate: narrows": Row(TAKES_AWAY, prepare=_narrowed_role),
    "roleDelete": Row(TAKES_AWAY),
}


BOUNDS = {
    "role_policy_lines": one_each("what a role gives; a deleted role has none"),
    "roles": kept("the names of roles that the log speaks of"),
}


REMOVES = {
    "roleDelete": "removedRoleId",
}


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    account = {"accountId": place.account.id}
    role = {"roleId": place.role.id}
    rights = {"permissions": ["CONTACTS_READ"], "permissionsBelow": ["STATISTICS_READ"]}
    return {
        "roleCreate": account | rights | {"name": "Editor", "description": "Edits."},
        "roleUpdate": role | rights | {"expectedVersion": 1, "name": "Editor", "description": "Edits."},
        "roleDelete": role,
    }


ID_FIELDS = {
    "roleId": Kind.ROLE,
}


async def _role(world: World, brand: Brand) -> Updated:
    role = await world.role(brand.master, "ACCOUNT_READ CREDIT_READ", "ACCOUNT_READ CONTACTS_READ")
    async with world.database.begin() as connection:
        own = roles.c.id == role.key
        await connection.execute(update(roles).where(own).values(description="Reads."))
    return Updated({"roleId": role.id}, own)


UPDATES = {
    "roleUpdate": Update(
        roles,
        _role,
        {
            "name": Field("New role", ("name",), Null.REFUSED),
            "description": Field("Writes.", ("description",), ""),
            "permissions": Field(["STATISTICS_READ"], ("member_mask", "inherited_mask"), Null.REFUSED),
            "permissionsBelow": Field(["STATISTICS_READ"], ("ancestor_mask", "inherited_mask"), 0),
        },
    ),
}
