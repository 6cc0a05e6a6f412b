"""Lists that ended are deleted by workers, whosever they are, an hour later."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from server.jobs.sending import delete_lists
from tests.world.recipients import give_list, let_lists_end, lists_of
from tests.world.world import World

MANY = 45


async def test_workers_delete_what_ended_and_nothing_else(
    application: AsyncEngine, owner_engine: AsyncEngine, world: World
) -> None:
    ended, just_ended, open_ = [await world.account() for _ in range(3)]
    for _ in range(MANY):
        await give_list(world, ended)
    kept = [await give_list(world, account) for account in (just_ended, open_)]
    await let_lists_end(owner_engine, ended, minutes=61)
    await let_lists_end(owner_engine, just_ended, minutes=59)
    await asyncio.gather(*[delete_lists(application) for _ in range(3)])
    assert await lists_of(owner_engine, ended) == {}
    for account, made in zip((just_ended, open_), kept, strict=True):
        assert await lists_of(owner_engine, account) == {made.id: [b"0" * 16]}
