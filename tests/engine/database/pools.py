"""A pool's server, seen from outside."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.read_connection import ReadConnection

_PATIENCE = 60.0
"""Seconds; longer than a busy machine takes for anything here."""
_locks = itertools.count(7_000_000)


class Server:
    """A database whose connections of this test are known by their name."""

    def __init__(self, address: str, owner: AsyncEngine) -> None:
        self._address = address
        self._owner = owner
        self.name = f"pool-{uuid4().hex}"
        self.connects_that_fail = 0

    async def connect(self) -> ReadConnection:
        """Another connection."""
        if self.connects_that_fail:
            self.connects_that_fail -= 1
            await asyncio.sleep(0.02)
            raise ConnectionRefusedError
        connection: ReadConnection = await asyncpg.connect(
            self._address,
            connection_class=ReadConnection,
            server_settings={"application_name": self.name},
        )
        return connection

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[str]:
        """A statement that ends when the block does: until then it waits for a lock."""
        lock = next(_locks)
        async with self._owner.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_lock({lock})"))
            try:
                yield f"SELECT convert_to(pg_advisory_lock_shared({lock})::text || pg_backend_pid(), 'UTF8')"
            finally:
                await connection.execute(text(f"SELECT pg_advisory_unlock({lock})"))

    async def at_work(self, number: int) -> None:
        """Wait until so many of its connections are at a held statement."""
        await self._until("SELECT count(*) FILTER (WHERE wait_event = 'advisory')", number)

    async def connections(self) -> int:
        """How many there are now."""
        return await self._scalar("SELECT count(*)")

    async def settles_at(self, number: int) -> None:
        """Wait until there are so many: those that end take a moment to go."""
        await self._until("SELECT count(*)", number)

    async def break_all(self) -> int:
        """End them all, as a restart of the server does. How many."""
        return await self._scalar("SELECT count(pg_terminate_backend(pid))")

    async def _scalar(self, what: str) -> int:
        statement = text(f"{what} FROM pg_stat_activity WHERE application_name = :name")
        async with self._owner.connect() as connection:
            return int((await connection.execute(statement, {"name": self.name})).scalar_one())

    async def _until(self, what: str, number: int) -> None:
        async with asyncio.timeout(_PATIENCE):
            while True:
                if await self._scalar(what) == number:
                    return
                await asyncio.sleep(0.02)
