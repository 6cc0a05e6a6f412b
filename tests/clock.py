"""The clock that plans and sends go by, moved as only the database's owner can."""

import datetime
import math

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from models.clock import clock, current_moment


class Clock:
    """Of one database."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def now(self) -> datetime.datetime:
        """What it shows."""
        async with self._database.connect() as connection:
            return (await connection.execute(select(current_moment()))).scalar_one()

    async def show(self, moment: datetime.datetime) -> None:
        """Put it so that it shows this or up to a second more, and goes on from there."""
        await self.reset()
        ahead = moment - await self.now()
        seconds = math.ceil(ahead.total_seconds())
        async with self._database.begin() as connection:
            await connection.execute(upsert(clock).values(id=1, ahead=seconds))

    async def forward(self, **span: int) -> None:
        """Put it forward."""
        await self.show(await self.now() + datetime.timedelta(**span))

    async def reset(self) -> None:
        """It goes as the database's own."""
        async with self._database.begin() as connection:
            await connection.execute(delete(clock))
