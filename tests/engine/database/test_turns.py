"""Turns: who may work on one thing at once, in which order the others come, and what is left of those that
give up."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database import turns as module
from engine.database.turns import Turn, Turns, WaitedTooLong
from engine.writes.sessions import WriteSession, WriteSessions
from models.effects.attempts import attempts
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses


def _taken(turns: Turns, thing: str) -> int:
    """How many turns of it there are now."""
    taken = 0
    while turns.take(thing):
        taken += 1
    return taken


def _give_back(turns: Turns, thing: str, number: int) -> None:
    for _ in range(number):
        turns.give_back(thing)


async def _settle() -> None:
    """Let all run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("connections", "share"), [(1, 1), (2, 1), (3, 1), (6, 2), (10, 3), (20, 6)])
def test_one_thing_gets_a_third_of_the_connections(connections: int, share: int) -> None:
    turns = Turns(connections)
    assert _taken(turns, "busy") == share
    assert turns.take("quiet")


def test_several_things_leave_something_free_and_each_gets_one_at_least() -> None:
    turns = Turns(10)
    assert [_taken(turns, f"tree {number}") for number in range(12)] == [3, 2, 1, *[1] * 9]
    _give_back(turns, "tree 0", 3)
    assert turns.take("tree 0")


async def test_who_waits_comes_in_the_order_of_asking_and_nobody_passes() -> None:
    turns, came = Turns(1), list[int]()

    async def work(number: int) -> None:
        await turns.wait("tree")
        came.append(number)

    assert turns.take("tree")
    waiting = [asyncio.create_task(work(number)) for number in range(5)]
    await _settle()
    assert came == []
    for number in range(5):
        turns.give_back("tree")
        assert not turns.take("tree"), "it is the turn of who waits already"
        await _settle()
        assert came == list(range(number + 1))
    await asyncio.gather(*waiting)
    turns.give_back("tree")
    assert turns.take("tree")


async def test_a_turn_that_ends_elsewhere_lets_others_in() -> None:
    """There is more left then."""
    turns = Turns(10)
    assert (_taken(turns, "one"), _taken(turns, "other")) == (3, 2)
    waiting = asyncio.create_task(turns.wait("other"))
    await _settle()
    assert not waiting.done()
    _give_back(turns, "one", 3)
    await waiting


async def test_who_gives_up_leaves_nothing() -> None:
    turns = Turns(1)
    assert turns.take("tree")
    waiting = [asyncio.create_task(turns.wait("tree")) for _ in range(3)]
    await _settle()
    waiting[0].cancel()
    await _settle()
    turns.give_back("tree")
    waiting[1].cancel()  # its turn has come, and it does not know yet
    await _settle()
    assert [task.cancelled() for task in waiting[:2]] == [True, True]
    await waiting[2]
    turns.give_back("tree")
    assert turns.take("tree")


async def test_whoever_waits_too_long_or_behind_too_many_is_told_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = Turns(1)
    assert turns.take("tree")
    waiting = [asyncio.create_task(turns.wait("tree")) for _ in range(module.MOST_WAITING)]
    await _settle()
    with pytest.raises(WaitedTooLong) as many:
        await turns.wait("tree")
    assert many.value.retry_after == 6
    for task in waiting:
        task.cancel()
    await _settle()
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    with pytest.raises(WaitedTooLong) as late:
        await turns.wait("tree")
    assert late.value.retry_after == 1
    turns.give_back("tree")
    assert turns.take("tree")


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_all_turns_come_back(seed: int) -> None:
    chance, turns = random.Random(seed), Turns(7)
    at_work, most = 0, 0

    async def work(thing: str) -> None:
        nonlocal at_work, most
        turn = Turn(turns)
        try:
            try:
                turn.take(thing)
            except module.TurnAwaited:
                await turn.wait()
            at_work += 1
            most = max(most, at_work)
            try:
                for _ in range(chance.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                at_work -= 1
        finally:
            turn.give_back()

    tasks = [asyncio.create_task(work(chance.choice("abc"))) for _ in range(60)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        chance.choice(tasks).cancel()
    assert 2 <= most <= 7
    assert _taken(turns, "d") == _taken(Turns(7), "d"), "as at the beginning"


@pytest.fixture
async def engine(addresses: DatabaseAddresses) -> AsyncIterator[AsyncEngine]:
    """Of two connections: one transaction for each thing."""
    found = connect_as_application(addresses.application, pool_size=2)
    yield found
    await found.dispose()


@pytest.mark.parametrize("kept", [True, False])
async def test_what_has_to_wait_holds_no_connection_and_is_begun_anew(
    engine: AsyncEngine, database: AsyncEngine, kept: bool
) -> None:
    sessions, subject = WriteSessions(engine), uuid.uuid4().hex
    begun: list[WriteSession] = []
    works, waits, goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def transaction(turn: Turn) -> AbstractAsyncContextManager[WriteSession]:
        return sessions.begin(turn) if kept else sessions.try_out(turn)

    async def work(turn: Turn) -> None:
        async with transaction(turn) as session:
            session.take_turn("tree")
            works.set()
            await goes_on.wait()

    async def wait(turn: Turn) -> int:
        async with transaction(turn) as session:
            begun.append(session)
            made = insert(attempts).values(subject=subject, window_start=func.now(), count=1)
            await session.execute(made)
            waits.set()
            session.take_turn("tree")
            written = select(func.count()).where(attempts.c.subject == subject)
            return int((await session.execute(written)).scalar_one())

    working = asyncio.create_task(sessions.in_turn(work))
    await works.wait()
    waiting = asyncio.create_task(sessions.in_turn(wait))
    await waits.wait()
    async with asyncio.timeout(60), engine.connect():
        """The connection of the one that waits is free."""
    assert (len(begun), waiting.done()) == (1, False)
    goes_on.set()
    await working
    assert await waiting == 1
    assert len(begun) == 2
    async with database.connect() as connection:
        left = await connection.execute(select(func.count()).where(attempts.c.subject == subject))
        assert left.scalar_one() == int(kept)
