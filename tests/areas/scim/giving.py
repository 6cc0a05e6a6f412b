"""What a directory has provisioned, written straight into the database."""

import uuid

from sqlalchemy import insert

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, new_id, present
from models.scim.tables import (
    scim_group_members,
    scim_group_roles,
    scim_groups,
    scim_memberships,
    scim_users,
)
from tests.world.world import Account, Person, World


async def give_group(world: World, account: Account, person: Person | None = None) -> str:
    """The account has a group, with this person in it. Returns its id."""
    group = new_id()
    async with world.database.begin() as connection:
        own = {"master_id": account.master, "account_id": account.key}
        values = {**own, "id": group, "display_name": f"Group {uuid.uuid4().hex[:8]}"}
        await connection.execute(insert(scim_groups).values(values))
        if person is not None:
            user = {**own, "id": new_id(), "user_id": person.key, "active": True}
            names = {"user_name": person.email, "user_name_folded": person.email.lower()}
            await connection.execute(insert(scim_users).values(**user, **names))
            member = {"master_id": account.master, "group_id": group, "scim_user_id": user["id"]}
            await connection.execute(insert(scim_group_members).values(member))
    return present(Kind.SCIM_GROUP, group)


async def give_all(world: World, account: Account, person: Person) -> None:
    """A row in each table."""
    group = await give_group(world, account, person)
    own = {"master_id": account.master, "account_id": account.key}
    key = uuid.UUID(group.partition("_")[2])
    async with world.database.begin() as connection:
        role = {"group_id": key, "role_id": BuiltinRole.ANALYST.id}
        await connection.execute(insert(scim_group_roles).values(**own, **role))
        await connection.execute(insert(scim_memberships).values(**own, user_id=person.key))
