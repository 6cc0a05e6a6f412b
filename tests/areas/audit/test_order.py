"""N17: the order of the log: who follows it by cursor misses nothing and sees nothing twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from authz.policy.builtin_roles import BuiltinRole
from engine.declare.paging import BadPage
from models.base.ids import Kind, new_id, present
from models.effects.events import events
from resolvers.audit.following import last_place, next_events
from resolvers.effects.event_types import EventType
from tests.areas.audit.following import Follower
from tests.client.api import Api
from tests.client.mutations import done
from tests.waiting import until
from tests.world.brand import Brand
from tests.world.world import Account, World

_ALL = (
    "query ($id: ID!) { account(id: $id) { events(first: 100, includeDescendants: true) { nodes { id } } } }"
)


async def _write(connection: AsyncConnection, account: Account, what: EventType) -> str:
    id_ = new_id()
    row = {"master_id": account.master, "account_id": account.key, "id": id_, "type": what.value}
    await connection.execute(insert(events).values(**row, subject_id=account.id, after={"name": "New"}))
    return present(Kind.EVENT, id_)


@asynccontextmanager
async def _written(world: World, account: Account, what: EventType) -> AsyncIterator[str]:
    """An event of a transaction that is open until the end of the block."""
    async with world.database.begin() as connection:
        yield await _write(connection, account, what)


async def test_what_began_earlier_and_commits_later_is_not_lost(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    follower = Follower(api, owner, account)
    async with _written(world, account, EventType.ACCOUNT_UPDATED) as early:
        async with _written(world, account, EventType.ACCOUNT_SUSPENDED) as late:
            pass
        nodes = (await api.read(_ALL, owner, id=account.id))["account"]["events"]["nodes"]
        assert [node["id"] for node in nodes] == [late], "a list shows at once what was committed"
        assert not await follower.look(), "a follower waits for what may come before it"
    await until(lambda: follower.has_seen(2))
    assert follower.ids == [early, late]


async def test_what_is_rolled_back_holds_nothing_up(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    follower = Follower(api, owner, account)
    async with world.database.connect() as connection:
        await _write(connection, account, EventType.ACCOUNT_UPDATED)
        async with _written(world, account, EventType.ACCOUNT_SUSPENDED) as kept:
            pass
        await connection.rollback()
    await until(lambda: follower.has_seen(1))
    assert follower.ids == [kept]


async def test_a_cursor_serves_every_filter_order_and_account_above(api: Api, brand: Brand) -> None:
    for name in ("One", "Two", "Three"):
        for account in (brand.us, brand.store, brand.uk):
            await done(api, "accountUpdate", brand.owner, accountId=account.id, name=name)
    whole = Follower(api, brand.owner, brand.master, below=True)
    await until(lambda: whole.has_seen(9))
    assert len(set(whole.ids)) == 9
    listed = (await api.read(_ALL, brand.owner, id=brand.master.id))["account"]["events"]["nodes"]
    assert whole.ids == [node["id"] for node in reversed(listed)]
    middle = whole.seen[3]["cursor"]
    for follower, rest in (
        (Follower(api, brand.owner, brand.master, below=True, cursor=middle), whole.ids[4:]),
        (Follower(api, brand.owner, brand.store, cursor=middle), [whole.ids[4], whole.ids[7]]),
        (
            Follower(api, brand.owner, brand.us, True, ["ACCOUNT_UPDATED"], middle),
            whole.ids[4:5] + whole.ids[6:8],
        ),
        (Follower(api, brand.owner, brand.us, True, ["MEMBER_JOINED"], middle), []),
        (Follower(api, brand.owner, brand.us, True, [], middle), whole.ids[4:5] + whole.ids[6:8]),
    ):
        while await follower.look():
            pass
        assert follower.ids == rest
    query = "query ($id: ID!, $at: String) { account(id: $id) { events(after: $at) { nodes { id } } } }"
    older = (await api.read(query, brand.owner, id=brand.us.id, at=middle))["account"]["events"]["nodes"]
    assert [node["id"] for node in older] == [whole.ids[3], whole.ids[0]][1:]


@pytest.mark.parametrize("seed", range(3))
async def test_followers_see_all_in_one_order_whatever_commits_when(
    api: Api, brand: Brand, world: World, seed: int
) -> None:
    chance = random.Random(seed)
    accounts = (brand.us, brand.store, brand.uk)
    kept: dict[Account, list[str]] = {account: [] for account in accounts}
    writing = True

    async def write() -> None:
        for _ in range(6):
            async with world.database.connect() as connection:
                made = []
                for account in chance.choices(accounts, k=chance.randint(1, 3)):
                    made.append((account, await _write(connection, account, EventType.ACCOUNT_UPDATED)))
                    await asyncio.sleep(chance.random() / 50)
                if chance.random() < 0.2:
                    await connection.rollback()
                    continue
                await connection.commit()
                for account, id_ in made:
                    kept[account].append(id_)

    whole = Follower(api, brand.owner, brand.master, below=True)
    single = Follower(api, brand.owner, brand.store)

    async def follow(follower: Follower) -> None:
        while writing:
            await follower.look()

    following = [asyncio.create_task(follow(follower)) for follower in (whole, single)]
    await asyncio.gather(*(write() for _ in range(4)))
    writing = False
    await asyncio.gather(*following)
    number = sum(map(len, kept.values()))
    await until(lambda: whole.has_seen(number))
    await until(lambda: single.has_seen(len(kept[brand.store])))
    assert sorted(whole.ids) == sorted(id_ for ids in kept.values() for id_ in ids)
    assert single.ids == [id_ for id_ in whole.ids if id_ in kept[brand.store]]
    again = Follower(api, brand.owner, brand.master, below=True)
    assert await again.has_seen(number)
    assert again.ids == whole.ids


async def test_the_next_events_are_read_by_who_judges_elsewhere(api: Api, brand: Brand, world: World) -> None:
    for name, account in (("One", brand.us), ("Two", brand.store), ("Three", brand.us)):
        await done(api, "accountUpdate", brand.owner, accountId=account.id, name=name)
    whole = Follower(api, brand.owner, brand.us, below=True)
    await until(lambda: whole.has_seen(3))
    places = [
        select(literal(account.master).label("master_id"), literal(account.key).label("account_id"))
        for account in (brand.us, brand.store)
    ]
    followed = places[0].union_all(places[1]).subquery("followed")
    async with world.database.connect() as connection:
        found = (await connection.execute(next_events(followed, after=None, most=2))).all()
        assert [present(Kind.EVENT, row.id) for row in found] == whole.ids[:2]
        rest = next_events(followed, after=found[-1].cursor, most=2, types=[EventType.ACCOUNT_UPDATED])
        found = (await connection.execute(rest)).all()
        assert [present(Kind.EVENT, row.id) for row in found] == whole.ids[2:]
        assert [row.cursor for row in found] == [whole.seen[-1]["cursor"]]
        assert (await connection.execute(last_place(followed))).scalar_one() == found[-1].cursor
        nothing = next_events(followed, after=found[-1].cursor, most=2)
        assert (await connection.execute(nothing)).all() == []
    with pytest.raises(BadPage):
        next_events(followed, after="x", most=2)
