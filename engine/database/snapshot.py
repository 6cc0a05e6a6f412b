"""One snapshot of the database, read by one request.

All statements of a read run in one REPEATABLE READ transaction, so that rights and data, and every part of
the answer, are of the same moment. The first statement opens it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from strawberry.dataloader import DataLoader

from engine.base.preamble import GateClosedError, Gates
from engine.database.write_connection import WriteConnection
from engine.declare.far import TREE_VALUE

T = TypeVar("T")


class Reader:
    """Runs statements one after the other, and batches what many fields ask at once.

    `gates`: the one is opened before anything is read in a snapshot (see `engine.base.preamble`), the far one
    before each far statement. `binds` are values that statements and the gate name themselves, such as the
    caller's.
    """

    def __init__(self, database: AsyncEngine, gates: Gates, binds: Mapping[str, Any]) -> None:
        self._database = database
        self._gates = gates
        self._binds = dict(binds)
        self._connection: AsyncConnection | None = None
        self._patient: WriteConnection | None = None
        self._turn = asyncio.Lock()
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    async def open(self) -> None:
        """Take the snapshot, if that has not been done. Raises GateClosedError where the gate is not true."""
        async with self._turn:
            await self._opened()

    async def rows(
        self, statement: Select[Any], binds: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The statement's rows, in this reader's snapshot. `binds` are the values of its own parameters."""
        async with self._turn:
            connection = await self._opened()
            result = await connection.execute(statement, {**self._binds, **(binds or {})})
            return [dict(row) for row in result.mappings()]

    async def rows_under(
        self, settings: Mapping[str, str], statement: Select[Any], binds: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """As `rows`, while the database's settings have these values. What follows has its own again."""
        told = select(*(func.set_config(name, value, true()) for name, value in settings.items()))
        async with self._turn:
            connection = await self._opened()
            async with connection.begin_nested() as opened:
                await connection.execute(told)
                result = await connection.execute(statement, {**self._binds, **binds})
                found = [dict(row) for row in result.mappings()]
                await opened.rollback()
        return found

    async def far_rows(
        self, tree: Any, statement: Select[Any], binds: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """A far statement's rows (see `engine.declare.far`), of one tree, in this reader's snapshot. What was
        opened to it is closed again."""
        named = {TREE_VALUE: tree}
        async with self._turn:
            connection = await self._opened()
            async with connection.begin_nested() as opened:
                if not (await connection.execute(select(self._gates.far), named)).scalar_one():
                    raise GateClosedError
                result = await connection.execute(statement, {**binds, **named})
                found = [dict(row) for row in result.mappings()]
                await opened.rollback()
        return found

    async def far_batches(
        self, tree: Any, statement: Select[Any], size: int
    ) -> AsyncGenerator[Sequence[Mapping[str, Any]], None]:
        """The rows that `far_rows` would return, so many at a time: a cursor reads them, so that all of them
        are never in memory. To be closed before anything else is read in the snapshot."""
        named = {TREE_VALUE: tree}
        async with self._turn:
            connection = await self._opened()
            async with connection.begin_nested() as opened:
                if not (await connection.execute(select(self._gates.far), named)).scalar_one():
                    raise GateClosedError
                options = {"yield_per": size}
                async with connection.stream(statement, named, execution_options=options) as result:
                    async for rows in result.mappings().partitions():
                        yield rows
                await opened.rollback()

    async def wait_up_to(self, seconds: float) -> None:
        """Give up the snapshot's further statements only after so long. To be called behind a statement that
        has the database allow them almost as much."""
        async with self._turn:
            raw = await (await self._opened()).get_raw_connection()
            self._patient = cast("WriteConnection", raw.driver_connection)
            self._patient.wait_up_to(seconds)

    async def load(
        self, name: Hashable, batch: Callable[[list[Any]], Awaitable[Sequence[T]]], key: Hashable
    ) -> T:
        """The batch's answer for the key; all keys that are asked for at once go in one call.

        Shielded: when a sibling field fails, GraphQL cancels this one, but others may wait for the batch.
        """
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = DataLoader(batch)
        found: T = await asyncio.shield(loader.load(key))
        return found

    async def renew(self, binds: Mapping[str, Any]) -> None:
        """Forget the snapshot: what follows sees what has been written since, as these binds say."""
        await self.close()
        self._loaders.clear()
        self._binds = dict(binds)

    async def close(self) -> None:
        """Give the connection back, once the statement under way has ended."""
        async with self._turn:
            if self._connection is not None:
                connection, self._connection = self._connection, None
                if self._patient is not None:
                    self._patient.wait_up_to(None)
                    self._patient = None
                await connection.close()

    async def _opened(self) -> AsyncConnection:
        if self._connection is None:
            connection = await self._database.connect()
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            opened = await connection.execution_options(**options)
            if not (await opened.execute(select(self._gates.near), self._binds)).scalar_one():
                await opened.close()
                raise GateClosedError
            self._connection = opened
        return self._connection
