"""Transactions that write.

SQLAlchemy lends the connection and runs statements that are built for each call. asyncpg begins and ends the
transaction, and runs the statements that never change (`engine.writes.fixed_statements`). SQLAlchemy's own
session would take twice the CPU time for a transaction.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast

import asyncpg
from asyncpg.transaction import Transaction
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from engine.database.turns import Turn, TurnAwaited, Turns

T = TypeVar("T")


class WriteSession:
    """A transaction under way."""

    def __init__(
        self, connection: AsyncConnection, driver: asyncpg.Connection, turn: Turn | None = None
    ) -> None:
        self.execute = connection.execute
        """SQLAlchemy's, which raises DBAPIError."""
        self.begin_nested = connection.begin_nested
        """SQLAlchemy's: a savepoint."""
        self.driver = driver
        """The connection itself."""
        self._notes: dict[type, Any] = {}
        self._turn = turn

    def notes(self, kind: type[T]) -> T:
        """What the transaction remembers of this kind until its end: one object, which is made empty."""
        found: T = self._notes.setdefault(kind, kind())
        return found

    def take_turn(self, thing: Hashable) -> None:
        """To be called before rows are locked that many wait for, `thing` saying which. Raises TurnAwaited
        where the transaction has to be begun anew: see `WriteSessions.in_turn`."""
        if self._turn is not None:
            self._turn.take(thing)


class WriteSessions:
    """Begins them, on the connections of a pool."""

    def __init__(self, database: AsyncEngine) -> None:
        # To SQLAlchemy each statement is a transaction of its own, so that it begins none.
        self._database = database.execution_options(isolation_level="AUTOCOMMIT")
        self._turns = Turns(cast("QueuePool", database.pool).size())

    async def in_turn(self, steps: Callable[[Turn], Awaitable[T]]) -> T:
        """What the steps give. They begin a transaction with the turn, and have changed nothing outside it by
        the time it takes a turn: where that has not come, the transaction is undone, and the steps are taken
        again when it has. Meanwhile they hold no connection. Raises WaitedTooLong.
        """
        turn = Turn(self._turns)
        try:
            while True:
                try:
                    return await steps(turn)
                except TurnAwaited:
                    await turn.wait()
        finally:
            turn.give_back()

    @asynccontextmanager
    async def begin(self, turn: Turn | None = None) -> AsyncIterator[WriteSession]:
        """A transaction that is committed at the end, and undone where something raises. Without a turn it
        waits for nobody but the database's locks."""
        async with self._database.connect() as connection:
            driver = _driver_of(connection)
            transaction = driver.transaction()
            await _certainly(driver, transaction.start())
            try:
                yield WriteSession(connection, driver, turn)
            except BaseException:
                await _undo(driver, transaction)
                raise
            await _certainly(driver, transaction.commit())

    @asynccontextmanager
    async def try_out(self, turn: Turn | None = None) -> AsyncIterator[WriteSession]:
        """A transaction of one snapshot (REPEATABLE READ), of which nothing is left."""
        async with self._database.connect() as connection:
            driver = _driver_of(connection)
            transaction = driver.transaction(isolation="repeatable_read")
            await _certainly(driver, transaction.start())
            try:
                yield WriteSession(connection, driver, turn)
            finally:
                await _undo(driver, transaction)


def _driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    lent = connection.sync_connection
    if lent is None:
        raise AssertionError("the connection is open")
    return lent.connection.driver_connection


async def _certainly(driver: asyncpg.Connection, step: Awaitable[None]) -> None:
    """Begin or end a transaction. Where that fails or is given up, nobody knows whether the connection is in
    one: it is closed, and the pool opens another."""
    try:
        await step
    except BaseException:
        driver.terminate()
        raise


async def _undo(driver: asyncpg.Connection, transaction: Transaction) -> None:
    """Roll back. The caller raises the reason, even if the connection is lost meanwhile."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await _certainly(driver, transaction.rollback())
