"""What is told of an account's log: all of it, in its order, once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.live.serving import Served, Socket, serving, signed_in
from tests.client.api import Api, Caller
from tests.database.settled_log import until_settled
from tests.world.world import Account, Member, World

EVENTS = """subscription ($id: ID!, $after: String, $types: [EventType!], $below: Boolean = false) {
  events(accountId: $id, after: $after, types: $types, includeDescendants: $below, first: 5) {
    nodes { id type account { id } } pageInfo { endCursor } } }"""
WRITTEN = 8
"""Events of each writer."""
LOG = """query ($id: ID!, $after: String) { account(id: $id) {
  events(orderBy: OLDEST_FIRST, first: 1000, after: $after) { nodes { id } pageInfo { endCursor } } } }"""


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


@pytest.fixture
async def owner(world: World, account: Account) -> Member:
    return await world.member(account, BuiltinRole.OWNER)


async def change(api: Api, caller: Caller, account: Account, value: str) -> None:
    """One event."""
    while payload := await api.change("accountUpdate", caller, accountId=account.id, externalId=value):
        if not payload["userErrors"]:
            return
        assert payload["userErrors"][0]["__typename"] == "VersionConflict"


def page(told: Any) -> list[Any]:
    """The events of a delivery."""
    return list(told["data"]["events"]["nodes"])


async def test_what_is_changed_from_now_on_is_told(
    served: Served, api: Api, account: Account, owner: Member, database: AsyncEngine
) -> None:
    await change(api, owner, account, "before")
    await until_settled(database)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", EVENTS, id=account.id)
        assert await socket.silent(0.5)
        await change(api, owner, account, "after")
        (event,) = page(await socket.next_of("1"))
        assert (event["type"], event["account"]["id"]) == ("ACCOUNT_UPDATED", account.id)
        assert await socket.silent(2.5)


async def test_it_goes_on_after_a_cursor(
    served: Served, api: Api, account: Account, owner: Member, database: AsyncEngine
) -> None:
    await change(api, owner, account, "first")
    await until_settled(database)
    before = (await api.read(LOG, owner, id=account.id))["account"]["events"]
    for number in range(7):
        await change(api, owner, account, str(number))
    await until_settled(database)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", EVENTS, id=account.id, after=before["pageInfo"]["endCursor"])
        first, second = await socket.next_of("1"), await socket.next_of("1")
        assert (len(page(first)), len(page(second))) == (5, 2)
        cursor = first["data"]["events"]["pageInfo"]["endCursor"]
        await socket.subscribe("2", EVENTS, id=account.id, after=cursor)
        assert await socket.next_of("2") == second
    log = (await api.read(LOG, owner, id=account.id, after=before["pageInfo"]["endCursor"]))["account"]
    assert [each["id"] for each in page(first) + page(second)] == [
        each["id"] for each in log["events"]["nodes"]
    ]


async def test_types_that_nobody_asked_for_are_left_out(
    served: Served, api: Api, world: World, account: Account, owner: Member
) -> None:
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", EVENTS, id=account.id, types=["MEMBER_INVITED"])
        await socket.subscribe("2", EVENTS, id=account.id)
        assert await socket.silent(0.5)
        await change(api, owner, account, "x")
        await socket.next_of("2")
        assert await socket.silent(1.5)


async def test_an_empty_list_of_types_stands_for_all(
    served: Served, api: Api, account: Account, owner: Member
) -> None:
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", EVENTS, id=account.id, types=[])
        assert await socket.silent(0.5)
        await change(api, owner, account, "x")
        (event,) = page(await socket.next_of("1"))
        assert event["type"] == "ACCOUNT_UPDATED"


async def test_accounts_below_are_told_of(
    served: Served, api: Api, world: World, account: Account, owner: Member
) -> None:
    child, sibling = await world.account(account), await world.account(account)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("all", EVENTS, id=account.id, below=True)
        await socket.subscribe("one", EVENTS, id=child.id, below=True)
        assert await socket.silent(0.5)
        await change(api, owner, sibling, "x")
        (event,) = page(await socket.next_of("all"))
        assert event["account"]["id"] == sibling.id
        assert await socket.silent(1.5)


async def test_a_fragment_at_the_root(served: Served, api: Api, account: Account, owner: Member) -> None:
    query = (
        "subscription ($id: ID!) { ...Root } fragment Root on SubscriptionRoot { "
        "log: events(accountId: $id) { ...Page } ... { log: events(accountId: $id) { told: totalCount } } } "
        "fragment Page on EventConnection { nodes { type } position: pageInfo { hasNextPage } }"
    )
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", query, id=account.id)
        assert await socket.silent(0.5)
        await change(api, owner, account, "x")
        told = await socket.next_of("1")
    (shown,) = told["data"].values()
    assert list(told["data"]) == ["log"]
    assert shown == {
        "nodes": [{"type": "ACCOUNT_UPDATED"}],
        "position": {"hasNextPage": False},
        "told": shown["told"],
    }


@pytest.mark.parametrize("below", [False, True])
async def test_nothing_is_lost_nor_told_twice_by_servers_that_go(
    settings: Settings,
    addresses: DatabaseAddresses,
    api: Api,
    world: World,
    account: Account,
    owner: Member,
    below: bool,
    database: AsyncEngine,
) -> None:
    """Writers run beside each other on another server, while the subscriber's servers are stopped in the
    middle and replaced."""
    written = [await world.account(account) for _ in range(4)] if below else [account]
    await change(api, owner, account, "the beginning")
    await until_settled(database)
    cursor = (await api.read(LOG, owner, id=account.id))["account"]["events"]["pageInfo"]["endCursor"]
    done = asyncio.gather(*(_write(api, owner, each) for each in written for _ in range(4 // len(written))))
    found: list[str] = []
    for most in (6, 6, None):
        running = serving(settings, addresses.application)
        served = await asyncio.to_thread(running.__enter__)
        try:
            async with signed_in(served, owner) as socket:
                await socket.subscribe("1", EVENTS, id=account.id, below=below, after=cursor)
                cursor = await _follow(socket, found, cursor, most, done)
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
    await until_settled(database)
    log: list[str] = []
    for each in written:
        told = await api.read(LOG, owner, id=each.id)
        log += [event["id"] for event in told["account"]["events"]["nodes"]]
    assert sorted(found) == sorted(log if below else log[1:])
    assert len(found) == 4 * WRITTEN


async def _write(api: Api, owner: Caller, account: Account) -> None:
    for number in range(WRITTEN):
        await change(api, owner, account, f"{id(asyncio.current_task())} {number}")
        await asyncio.sleep(0.1)


async def _follow(
    socket: Socket, found: list[str], cursor: str | None, most: int | None, done: asyncio.Future[Any]
) -> str | None:
    """Read until so many events have come, or, without a number, until all are written and have come."""
    read = 0
    while most is None or read < most:
        if most is None and len(found) == 4 * WRITTEN:
            await done
            assert await socket.silent(2.5)
            return cursor
        told = await socket.next_of("1")
        found += [each["id"] for each in page(told)]
        read += len(page(told))
        cursor = told["data"]["events"]["pageInfo"]["endCursor"]
    return cursor
