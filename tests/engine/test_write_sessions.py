"""Transactions that write: whole or not at all, whatever becomes of the request or of the connection."""

import asyncio
import datetime
import functools
import itertools
import types
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import bindparam, false, func, insert, select, text, true
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.base.preamble import Gates
from engine.database.snapshot import Reader
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession, WriteSessions
from models.effects.attempts import attempts
from resolvers.sending.long_statements import allow_many, allow_many_to_read
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from server.failures.errors import ErrorCode, failure_of

_FIXED = FixedStatement(
    insert(attempts)
    .values(subject=bindparam("subject"), window_start=func.now(), count=1)
    .returning(attempts.c.count)
)
_SLEEP = FixedStatement(select(func.pg_sleep(10)))

Step = Callable[[WriteSession], Awaitable[object]]


@pytest.fixture
async def sessions(addresses: DatabaseAddresses) -> AsyncIterator[WriteSessions]:
    """On one connection, so that each transaction follows on the one before."""
    database = connect_as_application(addresses.application, pool_size=1)
    yield WriteSessions(database)
    await database.dispose()


async def _write_past(session: WriteSession, subject: str) -> None:
    await _FIXED.rows(session, {"subject": subject})


async def _write_by_sqlalchemy(session: WriteSession, subject: str) -> None:
    await session.execute(insert(attempts).values(subject=subject, window_start=func.now(), count=2))


async def _sleep_past(session: WriteSession) -> None:
    await _SLEEP.rows(session, {})


async def _sleep_by_sqlalchemy(session: WriteSession) -> None:
    await session.execute(select(func.pg_sleep(10)))


async def _written(database: AsyncEngine, subject: str) -> int:
    async with database.connect() as connection:
        statement = select(func.count()).where(attempts.c.subject.startswith(subject))
        return int((await connection.execute(statement)).scalar_one())


async def _process(session: WriteSession) -> int:
    return int((await session.execute(select(func.pg_backend_pid()))).scalar_one())


async def _end(database: AsyncEngine, process: int) -> None:
    async with database.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": process})


@pytest.mark.parametrize("first", [_write_past, _write_by_sqlalchemy])
async def test_both_kinds_of_statements_are_of_one_transaction(
    sessions: WriteSessions, database: AsyncEngine, first: Callable[[WriteSession, str], Awaitable[None]]
) -> None:
    subject = uuid.uuid4().hex
    second = _write_by_sqlalchemy if first is _write_past else _write_past
    with pytest.raises(LookupError):
        await _write_and_fail(sessions, lambda session: first(session, f"{subject} 1"))
    assert await _written(database, subject) == 0
    async with sessions.begin() as session:
        await first(session, f"{subject} 1")
        await second(session, f"{subject} 2")
        assert await _written(database, subject) == 0
    assert await _written(database, subject) == 2


async def _write_and_fail(sessions: WriteSessions, write: Step) -> None:
    async with sessions.begin() as session:
        await write(session)
        raise LookupError


async def test_what_is_tried_out_is_of_one_snapshot_and_leaves_nothing(
    sessions: WriteSessions, database: AsyncEngine
) -> None:
    subject = uuid.uuid4().hex
    count = select(func.count()).where(attempts.c.subject.startswith(subject))
    async with sessions.try_out() as session:
        await _write_past(session, f"{subject} 1")
        async with database.begin() as other:
            await other.execute(insert(attempts).values(subject=subject, window_start=func.now(), count=1))
        assert (await session.execute(count)).scalar_one() == 1
    assert await _written(database, f"{subject} 1") == 0
    assert await _written(database, subject) == 1


@pytest.mark.parametrize("sleep", [_sleep_past, _sleep_by_sqlalchemy])
async def test_a_request_that_is_given_up_leaves_nothing(
    sessions: WriteSessions, database: AsyncEngine, sleep: Step
) -> None:
    subject = uuid.uuid4().hex
    sleeps = asyncio.Event()

    async def write() -> None:
        async with sessions.begin() as session:
            await _write_past(session, f"{subject} 1")
            sleeps.set()
            await sleep(session)

    writing = asyncio.create_task(write())
    await sleeps.wait()
    await asyncio.sleep(0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with sessions.begin() as session:
        await _write_past(session, f"{subject} 2")
    assert await _written(database, f"{subject} 1") == 0
    assert await _written(database, subject) == 1


async def test_a_request_may_be_given_up_wherever_it_waits(
    sessions: WriteSessions, database: AsyncEngine
) -> None:
    """Also while it begins or commits: it is done whole or not at all, and the next one can begin."""
    async with sessions.begin() as session:
        await _write_twice_in(session, uuid.uuid4().hex)  # opens the connection, which is no place of these
    outcomes: list[int] = []
    for place in itertools.count(1):
        subject = f"{uuid.uuid4().hex} {place}"
        writing = asyncio.create_task(_given_up_at(place, _write_twice(sessions, subject)))
        (outcome,) = await asyncio.gather(writing, return_exceptions=True)
        async with sessions.begin() as session:
            await _write_past(session, f"{subject} next")
        outcomes.append(await _written(database, subject))
        if outcome is None:
            break
    assert set(outcomes) == {1, 3}
    assert outcomes == sorted(outcomes), "what was done was not undone at a later place"


@types.coroutine
def _given_up_at(place: int, request: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """The request, cancelled where it waits for the time of that number, as by a client that goes away."""
    step = functools.partial(request.send, None)
    for waits in itertools.count(1):
        try:
            waited_for = step()
        except StopIteration:
            return
        if waits == place:
            found = asyncio.current_task()
            assert found is not None
            found.cancel()
        try:
            yield waited_for
        except BaseException as error:  # handed on to the request, whatever it is
            step = functools.partial(request.throw, error)
        else:
            step = functools.partial(request.send, None)


async def _write_twice(sessions: WriteSessions, subject: str) -> None:
    async with sessions.begin() as session:
        await _write_twice_in(session, subject)


async def _write_twice_in(session: WriteSession, subject: str) -> None:
    await _write_past(session, f"{subject} 1")
    await _write_by_sqlalchemy(session, f"{subject} 2")


@pytest.mark.parametrize("then", [_write_past, _write_by_sqlalchemy, None])
async def test_a_connection_that_is_lost_leaves_nothing_and_is_replaced(
    sessions: WriteSessions,
    database: AsyncEngine,
    then: Callable[[WriteSession, str], Awaitable[None]] | None,
) -> None:
    """Before a statement, or before COMMIT; the client is told that it may try again."""
    subject = uuid.uuid4().hex
    with pytest.raises(Exception) as lost:  # noqa: PT011 - what it is told as is looked at below
        await _write_and_lose(sessions, database, subject, then)
    assert failure_of(lost.value).code is ErrorCode.UNAVAILABLE
    async with sessions.begin() as session:
        await _write_past(session, f"{subject} 3")
    assert await _written(database, subject) == 1


async def _write_and_lose(
    sessions: WriteSessions,
    database: AsyncEngine,
    subject: str,
    then: Callable[[WriteSession, str], Awaitable[None]] | None,
) -> None:
    async with sessions.begin() as session:
        await _write_past(session, f"{subject} 1")
        await _end(database, await _process(session))
        if then is not None:
            await then(session, f"{subject} 2")


async def test_why_it_was_given_up_is_told_also_where_the_connection_is_lost(
    sessions: WriteSessions, database: AsyncEngine
) -> None:
    async def lose(session: WriteSession) -> None:
        await _end(database, await _process(session))

    with pytest.raises(LookupError):
        await _write_and_fail(sessions, lose)
    async with sessions.begin() as session:
        assert await _process(session)


async def test_a_function_is_called_once_for_each_row_without_a_trip(sessions: WriteSessions) -> None:
    numbers = func.generate_series(1, 3).table_valued("number").render_derived()
    setting = func.set_config(
        "mandant.called",
        func.concat(func.current_setting("mandant.called", True), numbers.c.number, " "),
        True,
    )
    async with sessions.begin() as session:
        await session.send_call(setting)
        called = await session.execute(select(func.current_setting("mandant.called", True)))
        assert called.scalar_one() == "1 2 3 "


async def test_what_nobody_waits_for_is_written_though_nothing_follows(
    sessions: WriteSessions, database: AsyncEngine
) -> None:
    subject = uuid.uuid4().hex
    values = {"subject": subject, "window_start": datetime.datetime.now(datetime.UTC), "count": 1}
    async with sessions.begin() as session:
        await session.send_built(insert(attempts).values(values))
        assert await _written(database, subject) == 0
    assert await _written(database, subject) == 1


async def test_a_transaction_without_a_statement_takes_no_connection(sessions: WriteSessions) -> None:
    async with sessions.begin() as one, sessions.begin():
        """There is but one connection."""
        await one.execute(select(1))


async def test_a_transaction_that_asks_for_it_waits_longer(addresses: DatabaseAddresses) -> None:
    """Behind a limit of the database's that is longer too; the next one on the connection does not."""
    database = connect_as_application(addresses.application, pool_size=1, command_timeout=0.5)
    sessions = WriteSessions(database)
    sleep = select(func.pg_sleep(1))
    async with sessions.begin() as session:
        await allow_many(session)
        await session.execute(sleep)
    with pytest.raises(TimeoutError):
        async with sessions.begin() as session:
            await session.execute(sleep)
    await database.dispose()


async def test_a_snapshot_that_asks_for_it_waits_longer(addresses: DatabaseAddresses) -> None:
    """The same for what is read."""
    database = connect_as_application(addresses.application, pool_size=1, command_timeout=0.5)
    sleep = select(func.pg_sleep(1))
    for allow, expected in ((allow_many_to_read, nullcontext()), (None, pytest.raises(TimeoutError))):
        reader = Reader(database, Gates(true(), false()), {})
        with expected:
            if allow is not None:
                await allow(reader)
            await reader.rows(sleep)
        await reader.close()
    await database.dispose()
