"""A pool's server, seen from outside."""

import asyncio
from uuid import uuid4

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.database.read_connection import ReadConnection


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

    async def connections(self) -> int:
        """How many there are now, once those that are going have gone."""
        before = -1
        while (now := await self._scalar("SELECT count(*)")) != before:
            before = now
            await asyncio.sleep(0.05)
        return now

    async def break_all(self) -> int:
        """End them all, as a restart of the server does. How many."""
        return await self._scalar("SELECT count(pg_terminate_backend(pid))")

    async def _scalar(self, what: str) -> int:
        statement = text(f"{what} FROM pg_stat_activity WHERE application_name = :name")
        async with self._owner.connect() as connection:
            return int((await connection.execute(statement, {"name": self.name})).scalar_one())
