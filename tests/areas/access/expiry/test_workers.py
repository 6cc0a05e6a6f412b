"""Several workers at once, and one that dies: everything is told, and nothing twice (N9)."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.access.expiry_notices import expiry_notices
from models.api_keys.tables import api_keys
from models.base.ids import new_id
from models.effects.events import events
from resolvers.access import expiry_notices as notices
from resolvers.access.expiry_notices import tell_batch
from server.embedded_postgres import DatabaseAddresses
from server.jobs.access import tell_expiries
from server.start.worker import at_work
from tests.areas.access.expiry.grants import Grant, membership
from tests.engine.statements import statements
from tests.server.deployed import deployed
from tests.server.start.processes import running
from tests.world.world import Account, World

DAY = timedelta(days=1)
MANY = 50


async def _keys_that_end(world: World, count: int) -> Account:
    """An account with so many keys that end in three days."""
    account = await world.account()
    values = [
        {
            "master_id": account.master,
            "account_id": account.key,
            "id": new_id(),
            "name": "Key",
            "digest": new_id().bytes,
            "last_four": "abcd",
            "role_id": BuiltinRole.ANALYST.id,
            "scopes": 0,
        }
        for _ in range(count)
    ]
    ends = {"created_at": func.now() - 30 * DAY, "expires_at": func.now() + 3 * DAY}
    async with world.database.begin() as connection:
        await connection.execute(insert(api_keys).values([{**row, **ends} for row in values]))
    return account


async def _told(world: World, account: Account) -> Counter[str]:
    """How often each thing was told."""
    statement = select(events.c.subject_id).where(
        events.c.account_id == account.key, events.c.type == "access.expiring"
    )
    async with world.database.connect() as connection:
        return Counter((await connection.execute(statement)).scalars())


async def test_several_at_once_tell_everything_once(application: AsyncEngine, world: World) -> None:
    account = await _keys_that_end(world, MANY)
    await asyncio.gather(*[tell_expiries(application) for _ in range(3)])
    told = await _told(world, account)
    assert len(told) == MANY
    assert set(told.values()) == {1}


async def test_while_one_tells_another_has_nothing_to_do(application: AsyncEngine, world: World) -> None:
    account = await _keys_that_end(world, 2)
    sessions = WriteSessions(application)
    async with sessions.begin() as first:
        await tell_batch(first)
        async with sessions.begin() as second:
            assert await tell_batch(second) is False
        assert await _told(world, account) == Counter()
    assert set((await _told(world, account)).values()) == {1}


async def _tell_and_die(application: AsyncEngine, database: AsyncEngine) -> None:
    async with WriteSessions(application).begin() as dying:
        pid = (await dying.execute(select(func.pg_backend_pid()))).scalar_one()
        await tell_batch(dying)
        async with database.connect() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        await dying.execute(select(1))


async def test_one_that_dies_leaves_all_to_the_next(application: AsyncEngine, world: World) -> None:
    account = await _keys_that_end(world, 2)
    with pytest.raises((DBAPIError, asyncpg.InterfaceError)):
        await _tell_and_die(application, world.database)
    assert await _told(world, account) == Counter()
    await tell_expiries(application)
    assert list((await _told(world, account)).values()) == [1, 1]


@pytest.mark.parametrize(("count", "batches"), [(0, 1), (2, 1), (3, 2), (7, 3)])
async def test_batches_are_bounded(
    count: int, batches: int, application: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell_expiries(application)
    account = await _keys_that_end(world, count) if count else await world.account()
    monkeypatch.setattr(notices, "BATCH", 3)
    with statements() as sent:
        await tell_expiries(application)
    assert len(sent) == batches
    assert sum((await _told(world, account)).values()) == count


async def test_the_number_of_statements_does_not_grow_with_rows(
    application: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one batch."""
    monkeypatch.setattr(notices, "BATCH", MANY + 1)
    await tell_expiries(application)
    counts = []
    for count in (1, MANY):
        await _keys_that_end(world, count)
        with statements() as sent:
            await tell_expiries(application)
        counts.append(len(sent))
    assert counts == [1, 1]


async def test_the_application_can_neither_say_nor_take_back_what_was_told(
    application: AsyncEngine, world: World
) -> None:
    grant = await membership(world)
    await grant.set(world, given=30 * DAY, ends=3 * DAY)
    await tell_expiries(application)
    before = await _notices(world, [grant])
    assert len(before) == 1
    for statement in ("DELETE FROM expiry_notices", "UPDATE expiry_notices SET stage = 'DAY'"):
        async with application.connect() as connection:
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text(statement))
    async with application.connect() as connection:
        assert (await connection.execute(select(expiry_notices))).all() == []
    assert await _notices(world, [grant]) == before


async def _notices(world: World, grants: Collection[Grant]) -> list[tuple[object, ...]]:
    statement = select(expiry_notices).where(expiry_notices.c.grant_id.in_([grant.key for grant in grants]))
    async with world.database.connect() as connection:
        return [tuple(row) for row in await connection.execute(statement)]


async def _wait_until_told(world: World, account: Account) -> list[int]:
    """How often each thing was told, once anything was."""
    async with asyncio.timeout(60):
        while True:
            told = await _told(world, account)
            if told:
                return list(told.values())
            await asyncio.sleep(0.05)


async def test_the_command_works_until_it_is_told_to_end(
    own: DatabaseAddresses, world: World, tmp_path: Path
) -> None:
    account = await _keys_that_end(world, 2)
    with running(tmp_path, "worker", DATABASE_URL=own.application) as worker:
        assert await _wait_until_told(world, account) == [1, 1]
        assert worker.terminate() == 0
        told = [json.loads(line)["event"] for line in worker.errors.splitlines()]
        assert told == ["worker started", "worker ended"]


async def test_a_worker_in_a_thread_ends_with_what_it_runs_beside(
    own: DatabaseAddresses, world: World
) -> None:
    """As `mandant serve --demo` has it."""
    account = await _keys_that_end(world, 2)
    with at_work(own.application, deployed()):
        assert await _wait_until_told(world, account) == [1, 1]
    assert "worker" not in {thread.name for thread in threading.enumerate()}
