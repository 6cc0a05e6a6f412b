"""All parts of an answer are of one moment, and a mutation's payload is of the moment after it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import Credentials
from authz.callers.tokens import digest_of
from authz.policy.builtin_roles import BuiltinRole
from authz.wall.row_security import entering
from authz.wall.tree_door import gates_of_snapshot
from engine.database.snapshot import Reader
from models.accounts.tables import accounts
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.client.api import Api
from tests.client.mutations import done
from tests.concurrency.gates import Gate
from tests.engine.paths import Path
from tests.world.world import Account, World


@pytest.fixture
async def application(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """The database as the application sees it."""
    engine = connect_as_application(addresses.application, 2)
    yield engine
    await engine.dispose()


async def _children(reader: Reader, account: Account) -> int:
    statement = select(func.count().label("count")).where(accounts.c.parent_id == account.key)
    return int((await reader.rows(statement))[0]["count"])


async def test_a_reader_does_not_see_what_is_committed_after_its_first_statement(
    application: AsyncEngine, world: World
) -> None:
    account = await world.account()
    await world.account(account)
    owner = await world.member(account, BuiltinRole.OWNER)
    binds = Credentials(digest_of(owner.token)).binds
    reader = Reader(application, gates_of_snapshot(entering()), binds)
    try:
        assert await _children(reader, account) == 1
        await world.account(account)
        assert await _children(reader, account) == 1
        await reader.renew(binds)
        assert await _children(reader, account) == 2
    finally:
        await reader.close()


async def test_a_reader_that_is_closed_holds_no_connection(application: AsyncEngine, world: World) -> None:
    account = await world.account()
    for _ in range(3):
        reader = Reader(application, gates_of_snapshot(entering()), Credentials(digest_of("nobody")).binds)
        await asyncio.gather(*[_children(reader, account) for _ in range(5)])
        await reader.close()
        await reader.close()
    assert application.pool.checkedout() == 0  # type: ignore[attr-defined]  # of a pool with a size


async def test_a_list_and_its_count_are_of_one_moment(api: Api, world: World) -> None:
    """The reference executor reads them by two statements; a commit between them is not seen."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    gate = Gate("count(*)")
    query = "{ viewer { accounts { totalCount nodes { id } } } }"
    asked = asyncio.create_task(gate.holding(api.read(Path.REFERENCE.of(query), owner)))
    await gate.reached()
    await world.account(master)
    gate.open()
    assert (await asked)["viewer"]["accounts"] == {"totalCount": 1, "nodes": [{"id": master.id}]}
    seen = (await api.read(Path.REFERENCE.of(query), owner))["viewer"]["accounts"]
    assert seen["totalCount"] == len(seen["nodes"]) == 2


async def test_rights_and_data_are_of_one_moment(api: Api, world: World) -> None:
    """Who is removed while the answer is being read gets the answer of before, whole, and nothing after."""
    account = await world.account(name="Before")
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    gate = Gate("FROM memberships", after=1)
    query = "query ($id: ID!) { account(id: $id) { name members { totalCount } } }"
    asked = asyncio.create_task(gate.holding(api.read(Path.REFERENCE.of(query), member, id=account.id)))
    await gate.reached()
    await done(api, "memberRemove", owner, memberId=member.id)
    await done(api, "accountUpdate", owner, accountId=account.id, expectedVersion=1, name="After")
    gate.open()
    assert (await asked)["account"] == {"name": "Before", "members": {"totalCount": 2}}
    assert (await api.ask(query, member, id=account.id)).codes == ["NOT_FOUND"]


async def test_a_payload_sees_the_write_and_all_that_follows_from_it(api: Api, world: World) -> None:
    master = await world.account()
    account = await world.account(master, name="Before")
    owner = await world.member(master, BuiltinRole.OWNER)
    made = await done(
        api,
        "accountUpdate",
        owner,
        "account { name version events { totalCount nodes { after } } "
        'parent { subaccounts(search: "after") { totalCount nodes { name } } } }',
        accountId=account.id,
        expectedVersion=1,
        name="After",
    )
    assert made["account"] == {
        "name": "After",
        "version": 2,
        "events": {"totalCount": 1, "nodes": [{"after": {"name": "After"}}]},
        "parent": {"subaccounts": {"totalCount": 1, "nodes": [{"name": "After"}]}},
    }
