"""The embedded database's disk is full, until somebody makes room."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.connections import connect_as_owner
from tests.authz.escalation.profiles import BY_NIGHT
from tests.by_day import by_night_alone
from tests.faults.books import Books
from tests.faults.limits import BACK_SECONDS
from tests.faults.load import READ, Load
from tests.faults.small_disk import serving_on_small_disk, why_not
from tests.world.world import World

_CLIENTS = 16 if BY_NIGHT else 4
_SIZE = "250m"


@by_night_alone
async def test_changes_are_refused_until_there_is_room(folder: Path) -> None:
    """First there is no room for rows: only changes fail. Then there is none for PostgreSQL's log: it ends,
    and cannot start before there is room."""
    place = folder / "tried"
    place.mkdir()
    if reason := why_not(place):
        pytest.skip(f"this machine lets nobody make a small disk: {reason}")
    async with serving_on_small_disk(folder, _SIZE) as disk:
        addresses = disk.addresses
        database = connect_as_owner(addresses.owner)
        books = await Books.open(World(database), _CLIENTS)
        async with Load(books, disk.url).at_work() as load:
            await load.works()

            began = load.answers.now()
            disk.fill()
            await load.ready_says("STORAGE_FULL")
            assert "STORAGE_FULL" in load.answers.codes(began)
            assert load.answers.failed(READ, began) == set()
            assert load.answers.done(began)[READ] > 0
            disk.make_room()
            seconds = await load.back(load.answers.now())
            assert seconds < BACK_SECONDS

            disk.fill()
            with pytest.raises(DBAPIError):
                await _fill_log(database)
            await load.ready_says("UNAVAILABLE")
            disk.make_room()
            seconds = await load.back(load.answers.now())
            assert seconds < BACK_SECONDS
            await load.works()
            assert set(load.answers.codes(began)) <= {"STORAGE_FULL", "UNAVAILABLE", "BUSY"}
        await books.check(addresses.owner)
        await database.dispose()


async def _fill_log(database: AsyncEngine) -> None:
    """Have PostgreSQL begin one file of its log after the other."""
    async with database.connect() as connection:
        while True:
            await connection.execute(text("SELECT pg_switch_wal(), txid_current()"))
            await connection.commit()
