"""Transactions that write.

A session takes a connection of SQLAlchemy's pool with its first statement. SQLAlchemy writes the statements;
asyncpg runs them, and BEGIN and COMMIT. SQLAlchemy's own session would take twice the CPU time for a
transaction, and its connection another tenth.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar, TypeVarTuple, cast, overload

import asyncpg
from sqlalchemy import (
    ColumnElement,
    Executable,
    Result,
    Select,
    UpdateBase,
    case,
    false,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection, QueuePool
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.util import greenlet_spawn

from engine.base.spans import sql_span
from engine.database.turns import Turn, TurnAwaited, Turns
from engine.database.write_connection import FixedRow, Unawaited, WriteConnection
from engine.writes.built_statements import Builder, BuiltResult
from engine.writes.turn_taker import TurnTaker

T = TypeVar("T")
Columns = TypeVarTuple("Columns")
Parameters = Mapping[str, Any] | None


def calling(call: ColumnElement[Any]) -> Select[tuple[Any]]:
    """A statement that calls a stored function and returns no rows: its condition is never true."""
    called = case((call.is_(None), false()), else_=false())
    return select(literal_column("1")).where(called)


class WriteSession:
    """A transaction under way. `in_one_snapshot`: REPEATABLE READ. `opening` runs before its first statement,
    unless `opens_itself` is called before."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[PoolProxiedConnection]],
        builder: Builder,
        turn: TurnTaker,
        opening: "Callable[[WriteSession], Awaitable[None]] | None" = None,
        *,
        in_one_snapshot: bool = False,
    ) -> None:
        self._connect = connect
        self._builder = builder
        self._in_one_snapshot = in_one_snapshot
        self._ahead = [] if in_one_snapshot else [Unawaited(_BEGIN)]
        self._turn = turn
        self._opening = opening
        self._notes: dict[type, Any] = {}
        self._lent: PoolProxiedConnection | None = None
        self._driver: WriteConnection | None = None
        self._begun = False
        self._savepoints = 0

    def notes(self, kind: type[T]) -> T:
        """What the transaction remembers of this kind until its end: one object, which is made empty."""
        found: T = self._notes.setdefault(kind, kind())
        return found

    def take_turn(self, thing: Hashable, key: Hashable = None) -> None:
        """Take the turn of `thing`, before the transaction locks rows that many transactions wait for. Raises
        TurnAwaited if the transaction has to begin again (see `WriteSessions.in_turn`). From now on
        `take_known_turn` finds the thing by the key."""
        self._turn.take(thing, key)

    def take_known_turn(self, key: Hashable) -> bool:
        """The same by the key of a thing, before anything is sent. False: the key is not known."""
        return self._turn.take_known(key)

    def forget_turn(self, key: Hashable) -> None:
        """`take_known_turn` does not know the key any more."""
        self._turn.forget(key)

    def opens_itself(self) -> bool:
        """Take over the work of the opening, for a caller whose own first statement does it. False: it was
        done already."""
        opening, self._opening = self._opening, None
        return opening is not None

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters = None
    ) -> Result[*Columns]: ...

    @overload
    async def execute(self, statement: UpdateBase, parameters: Parameters = None) -> BuiltResult: ...

    @overload
    async def execute(
        self, statement: Executable, parameters: Parameters = None
    ) -> Result[*tuple[Any, ...]]: ...

    async def execute(self, statement: Executable, parameters: Parameters = None) -> Any:
        """A statement that is built for this call. Raises DBAPIError."""
        built = self._builder.build(statement, parameters)
        await self.open()
        driver = await self._connected()
        with _as_sqlalchemy(built.sql):
            rows, count = await driver.run(built.sql, built.values, self._taken_ahead(), counted=True)
        return built.columns.result(rows, count)

    async def execute_each(self, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
        """A statement that returns no rows, once for each of these values, in one trip. Raises DBAPIError."""
        if not rows:
            return
        built = [self._builder.build(statement, row) for row in rows]
        await self.open()
        driver = await self._connected()
        with _as_sqlalchemy(built[0].sql):
            await driver.run_each(built[0].sql, [each.values for each in built], self._taken_ahead())

    async def send_built(self, statement: UpdateBase) -> None:
        """Run a statement that is built for this call and returns no rows, together with the next one, which
        raises its errors."""
        built = self._builder.build(statement)
        if built.columns.names:
            raise TypeError("only a statement without rows can be sent along")
        await self.send(built.sql, built.values)

    async def send_call(self, call: ColumnElement[Any]) -> None:
        """Call a stored function whose result nobody needs, for each row that its arguments come from,
        together with the next statement, which raises its errors."""
        built = self._builder.build(calling(call))
        await self.send(built.sql, built.values)

    def wait_up_to(self, seconds: float) -> None:
        """Give up the transaction's further statements only after so long. To be called behind a statement
        that has the database allow them almost as much."""
        if self._driver is None:
            raise AssertionError("a statement was sent before")
        self._driver.wait_up_to(seconds)

    async def savepoint(self) -> "Savepoint":
        """A point that the transaction can go back to."""
        self._savepoints += 1
        found = Savepoint(self, f"point_{self._savepoints}")
        await self.rows(f"SAVEPOINT {found.name}", ())
        return found

    async def rows(self, sql: str, values: Sequence[Any]) -> list[FixedRow]:
        """The rows of a fixed statement. Raises DBAPIError."""
        await self.open()
        driver = await self._connected()
        with _as_sqlalchemy(sql):
            rows, _ = await driver.run(sql, values, self._taken_ahead())
        return rows

    async def row_kept(self, sql: str, values: Sequence[Any], *, keep: bool) -> asyncpg.Record | None:
        """The first row of a compiled statement. Raises DBAPIError. `keep`: see `ReadConnection.row`."""
        await self.open()
        driver = await self._connected()
        with _as_sqlalchemy(sql):
            return await driver.row_behind(sql, values, self._taken_ahead(), keep=keep)

    async def send(self, sql: str, values: Sequence[Any]) -> None:
        """Run a statement that returns no rows, together with the next one, which raises its errors."""
        await self.open()
        self._ahead.append(Unawaited(sql, values))

    async def commit(self) -> None:
        """Send what has not been, and COMMIT. A transaction without a statement takes no connection."""
        if not self._begun and self._ahead == [Unawaited(_BEGIN)]:
            return
        driver = await self._connected()
        ahead = self._taken_ahead()
        try:
            with _as_sqlalchemy(_COMMIT):
                await driver.run(_COMMIT, (), ahead)
        except BaseException:
            # Nobody knows whether the connection is in a transaction: the pool opens another.
            driver.terminate()
            raise

    async def undo(self) -> None:
        """Roll back. The caller raises the reason, even if the connection is lost meanwhile."""
        if self._driver is None or not self._begun:
            return
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            try:
                await self._driver.execute(_ROLLBACK)
            except BaseException:
                self._driver.terminate()
                raise

    def give_back(self) -> None:
        """The connection goes back to the pool."""
        if self._driver is not None:
            self._driver.wait_up_to(None)
        if self._lent is not None:
            self._lent.close()

    async def open(self) -> None:
        """Do what has to be done first, if it was not."""
        opening, self._opening = self._opening, None
        if opening is not None:
            await opening(self)

    async def _connected(self) -> WriteConnection:
        if self._driver is None:
            self._lent = await self._connect()
            self._driver = cast("WriteConnection", self._lent.driver_connection)
            if self._in_one_snapshot:
                # Not sent along: to prepare the next statement would take a snapshot before.
                self._begun = True
                await self._driver.execute(_BEGIN_IN_ONE_SNAPSHOT)
        return self._driver

    def _taken_ahead(self) -> list[Unawaited]:
        ahead, self._ahead = self._ahead, []
        self._begun = True
        return ahead


@dataclass(frozen=True)
class Savepoint:
    """A point of a transaction."""

    session: WriteSession
    name: str

    async def go_back(self) -> None:
        """Undo what was done since then. Raises what that raised, if nobody has waited for it yet."""
        await self.session.rows(f"ROLLBACK TO SAVEPOINT {self.name}", ())


class WriteSessions:
    """Begins them, on the connections of a pool."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self._turns = Turns(cast("QueuePool", database.pool).size())
        self._known: OrderedDict[Hashable, Hashable] = OrderedDict()
        self._builder = Builder(database.dialect, database.sync_engine._compiled_cache)

    async def in_turn(self, steps: Callable[[Turn], Awaitable[T]]) -> T:
        """Run the steps, and return what they return. The steps begin a transaction with the turn. They must
        change nothing outside the transaction before it takes its turn. If the turn has not come yet, the
        transaction is undone, and the steps run again when the turn has come. Meanwhile they hold no
        connection. Raises WaitedTooLong.
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
    async def begin(
        self, turn: Turn | None = None, opening: Callable[[WriteSession], Awaitable[None]] | None = None
    ) -> AsyncIterator[WriteSession]:
        """A transaction that is committed at the end, and undone where something raises. Without a turn it
        waits for nobody but the database's locks. `opening`: see `WriteSession`."""
        async with self._session(
            WriteSession(self._connection, self._builder, self._taker(turn), opening)
        ) as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def try_out(self, turn: Turn | None = None) -> AsyncIterator[WriteSession]:
        """A transaction of one snapshot (REPEATABLE READ), of which nothing is left."""
        async with self._session(
            WriteSession(self._connection, self._builder, self._taker(turn), in_one_snapshot=True)
        ) as session:
            yield session
            await session.undo()

    @asynccontextmanager
    async def _session(self, session: WriteSession) -> AsyncIterator[WriteSession]:
        try:
            try:
                yield session
            except BaseException:
                await session.undo()
                raise
        finally:
            session.give_back()

    def _taker(self, turn: Turn | None) -> TurnTaker:
        return TurnTaker(turn, self._known)

    async def _connection(self) -> PoolProxiedConnection:
        return await greenlet_spawn(self._database.pool.connect)


_BEGIN = "BEGIN"
_BEGIN_IN_ONE_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_COMMIT = "COMMIT"
_ROLLBACK = "ROLLBACK"


class _as_sqlalchemy:  # noqa: N801 - used like a function; a generator would cost 2 us each time
    """PostgreSQL's errors are raised as SQLAlchemy raises them: DBAPIError."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._span = sql_span(sql)

    def __enter__(self) -> None:
        self._span.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._span.__exit__(kind, error, trace)
        if isinstance(error, asyncpg.PostgresError):
            raise DBAPIError(self._sql, None, error, hide_parameters=True) from error
        if isinstance(error, asyncpg.InternalClientError):
            # The server has said that it goes, between two statements: asyncpg takes that for an answer.
            raise asyncpg.InterfaceError("the server has ended the connection") from error
