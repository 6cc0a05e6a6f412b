"""Of a change that concerns very many, an event lists the first ones and counts at least as many."""

import uuid
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.effects.events import events
from models.members.tables import memberships
from models.people.users import users
from tests.areas.audit.telling import events_with_access
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.staff import staff_member
from tests.world.world import Account, CustomRole, Member, World


async def _tree(world: World, below: int) -> tuple[Account, Member, CustomRole]:
    """A master account with so many below it, its owner, and a role that passes down."""
    root = await world.account()
    for _ in range(below):
        await world.account(root)
    role = await world.role(root, "ACCOUNT_READ STATISTICS_READ", "ACCOUNT_READ STATISTICS_READ")
    return root, await world.member(root, BuiltinRole.OWNER), role


async def _fill(world: World, account: Account, role_key: uuid.UUID, number: int) -> None:
    """So many people have the role there."""
    own = {"master_id": account.master, "account_id": account.key, "role_id": role_key}
    ids = [new_id() for _ in range(number)]
    people: list[dict[str, Any]] = []
    for key in ids:
        email = f"{key.hex}@example.com"
        people.append({"id": key, "name": "One of many", "email": email, "email_canonical": email})
    async with world.database.begin() as connection:
        await connection.execute(insert(users), [each | {"password_hash": ""} for each in people])
        await connection.execute(insert(memberships), [own | {"id": new_id(), "user_id": key} for key in ids])


async def _change(api: Api, owner: Member, role: CustomRole) -> None:
    rights = ["ACCOUNT_READ", "CREDIT_READ"]
    await done(api, "roleUpdate", owner, roleId=role.id, permissions=rights, permissionsBelow=rights)


async def _told(api: Api, database: AsyncEngine, owner: Member, listed: set[str]) -> tuple[int, bool]:
    """How many changes the last event counts, and whether there are more. It lists 100, of these accounts."""
    event = (await events_with_access(api, owner, owner.account, False))[-1]
    changes = event["accessChanges"]
    assert changes["totalCount"] == len(changes["nodes"]) == 100
    assert {change["account"]["id"] for change in changes["nodes"]} == listed
    last = select(events.c.access).where(events.c.account_id == owner.account.key)
    async with database.connect() as connection:
        access = (await connection.execute(last.order_by(events.c.id.desc()).limit(1))).scalar_one()
    assert access["count"] == event["accessChangeCount"]
    return access["count"], access["more"]


async def test_a_hundred_are_listed_and_all_are_counted(
    api: Api, world: World, database: AsyncEngine
) -> None:
    root, owner, role = await _tree(world, 4)
    await _fill(world, root, role.key, 60)
    await _change(api, owner, role)
    nodes = (await api.read(_BELOW, owner, id=root.id))["account"]["subaccounts"]["nodes"]
    first = min(node["id"] for node in nodes)
    assert await _told(api, database, owner, {root.id, first}) == (300, False)


_BELOW = "query ($id: ID!) { account(id: $id) { subaccounts { nodes { id } } } }"


async def test_of_many_holders_fewer_accounts_are_compared(
    api: Api, world: World, database: AsyncEngine
) -> None:
    root, owner, role = await _tree(world, 9)
    await _fill(world, root, role.key, 120)
    await _change(api, owner, role)
    assert await _told(api, database, owner, {root.id}) == (4 * 120, True)


async def test_of_very_many_holders_five_hundred_are_compared(
    api: Api, world: World, database: AsyncEngine
) -> None:
    root, owner, role = await _tree(world, 0)
    await _fill(world, root, role.key, 501)
    await _change(api, owner, role)
    assert await _told(api, database, owner, {root.id}) == (500, True)


async def test_where_everybody_loses_fifty_accounts_are_compared(
    api: Api, world: World, database: AsyncEngine
) -> None:
    root, owner, _ = await _tree(world, 50)
    await _fill(world, root, BuiltinRole.ADMINISTRATOR.id, 1)
    await _suspend(api, world, root)
    event = (await events_with_access(api, owner, root, False))[-1]
    assert event["accessChangeCount"] == 50 * 2


async def test_where_everybody_loses_five_thousand_places_are_compared(
    api: Api, world: World, database: AsyncEngine
) -> None:
    root, owner, _ = await _tree(world, 49)
    await _fill(world, root, BuiltinRole.ADMINISTRATOR.id, 110)
    await _suspend(api, world, root)
    assert await _told(api, database, owner, {root.id}) == (5_000, True)


async def _suspend(api: Api, world: World, root: Account) -> None:
    agent = await staff_member(world)
    await done(api, "accountStaffSuspend", agent, accountId=root.id, reason="Ticket 4711")
