"""What is looked at for all subscribers of a process: by one statement, however many there are."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from typing import Any

import asyncpg
import pytest

from authz.callers.principals import Credentials, credentials_of
from authz.policy.refusals import Busy, RateLimited
from engine.database.pool import Pool
from resolvers.live.watched import Watched
from server.database.connections import read_pool
from server.embedded_postgres import DatabaseAddresses
from server.live import watching
from server.live.watching import Thing, Watching
from tests.world.campaigns import give_campaign
from tests.world.contacts import give_import
from tests.world.world import ApiKey, World


class Counted:
    """A pool that counts its statements."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.statements = 0

    async def row(self, sql: str, values: Sequence[Any]) -> asyncpg.Record | None:
        self.statements += 1
        return await self._pool.row(sql, values)


@pytest.fixture
async def pool(addresses: DatabaseAddresses) -> AsyncIterator[Counted]:
    made = read_pool(addresses.application, 2)
    yield Counted(made)
    await made.close()


def _credentials(key: ApiKey) -> Credentials:
    found = credentials_of(key.token)
    assert found is not None
    return found


async def test_one_statement_for_all(pool: Counted, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "INTERVAL", 0.3)
    looks = Watching(pool)  # type: ignore[arg-type]
    with ExitStack() as held:
        watches = []
        for _ in range(10):
            account = await world.account()
            key = _credentials(await world.api_key(account))
            things = [
                Thing(key, Watched.CALLER),
                Thing(key, Watched.EVENTS, account.key),
                Thing(key, Watched.EVENTS, account.key, below=True),
                Thing(key, Watched.USAGE, account.key),
                Thing(key, Watched.JOB, await give_import(world, account)),
                Thing(key, Watched.CAMPAIGN, await give_campaign(world, account)),
            ]
            watches += [held.enter_context(looks.watch(thing)) for thing in things for _ in range(3)]
        for watch in watches:
            await asyncio.wait_for(watch.changed.wait(), 30)
            watch.changed.clear()
        assert all(watch.mark is not None for watch in watches)
        began = pool.statements
        await asyncio.sleep(2)
        assert 1 <= pool.statements - began <= 7
        assert not any(watch.changed.is_set() for watch in watches), "they are quiet"
    await asyncio.sleep(1)
    began = pool.statements
    await asyncio.sleep(1)
    assert pool.statements == began, "nobody watches any more"
    await looks.close()


async def test_nobody_watches_what_it_may_not_see(pool: Counted, world: World) -> None:
    account, foreign = await world.account(), await world.account()
    key = _credentials(await world.api_key(account))
    nobody = _credentials(await world.api_key(foreign))._replace(digest=type(key.digest)(b"x" * 32))
    job, campaign = await give_import(world, foreign), await give_campaign(world, foreign)
    subjects = {
        Watched.EVENTS: foreign.key,
        Watched.USAGE: foreign.key,
        Watched.JOB: job,
        Watched.CAMPAIGN: campaign,
    }
    assert {*subjects, Watched.CALLER} == set(Watched)
    looks = Watching(pool)  # type: ignore[arg-type]
    things = [Thing(key, watched, subject) for watched, subject in subjects.items()]
    things += [Thing(key, Watched.EVENTS, foreign.key, below=True), Thing(nobody, Watched.CALLER)]
    for thing in things:
        with looks.watch(thing) as watch:
            await looks.look_at(watch)
            assert watch.mark is None
    await looks.close()


async def test_more_than_one_statement_takes(
    pool: Counted, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "AT_ONCE", 4)
    monkeypatch.setattr(watching, "INTERVAL", 0.1)
    looks = Watching(pool)  # type: ignore[arg-type]
    with ExitStack() as held:
        keys = [_credentials(await world.api_key(await world.account())) for _ in range(9)]
        watches = [held.enter_context(looks.watch(Thing(key, Watched.CALLER))) for key in keys]
        for watch in watches:
            await asyncio.wait_for(watch.changed.wait(), 30)
            assert watch.mark == ""
    await looks.close()


async def test_what_is_watched_is_bounded(
    pool: Counted, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST", 5)
    monkeypatch.setattr(watching, "MOST_OF_ONE", 3)
    looks = Watching(pool)  # type: ignore[arg-type]
    one, other = [_credentials(await world.api_key(await world.account())) for _ in range(2)]
    with ExitStack() as held:
        for key, number in ((one, 1), (one, 2), (one, 3), (one, 3), (other, 1), (other, 2)):
            held.enter_context(looks.watch(Thing(key, Watched.JOB, uuid.UUID(int=number))))
        with pytest.raises(Busy):
            held.enter_context(looks.watch(Thing(other, Watched.CALLER)))
        monkeypatch.setattr(watching, "MOST", 6)
        with pytest.raises(RateLimited):
            held.enter_context(looks.watch(Thing(one, Watched.CALLER)))
    with looks.watch(Thing(one, Watched.CALLER)):
        pass  # there is room again
    await looks.close()
