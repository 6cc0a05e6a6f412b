"""The clock that plans, cycles and sends go by, set as only the database's owner can: for demonstrations and
tests (see `models.base.clock`)."""

import datetime

from sqlalchemy import DateTime, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.clock import clock, current_moment


class Clock:
    """Of one database, which `database` opens as its owner."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def now(self) -> datetime.datetime:
        """The time that it shows."""
        async with self._database.connect() as connection:
            return (await connection.execute(select(current_moment()))).scalar_one()

    async def show(self, moment: datetime.datetime) -> None:
        """Set the clock to this moment, or up to a second later. It runs on from there."""
        ahead = func.extract("epoch", literal(moment, DateTime(timezone=True)) - func.now())
        shown = upsert(clock).values(id=1, ahead=func.ceil(ahead))
        replaced = {"ahead": shown.excluded.ahead}
        async with self._database.begin() as connection:
            await connection.execute(shown.on_conflict_do_update(index_elements=["id"], set_=replaced))

    async def forward(self, **span: int) -> None:
        """Set the clock forward by a span of time."""
        await self.show(await self.now() + datetime.timedelta(**span))

    async def reset(self) -> None:
        """Let it show the database's own time."""
        async with self._database.begin() as connection:
            await connection.execute(delete(clock))
