"""Billing cycles over forty years, held against a model that knows nothing of the database (R90, T20)."""

import calendar
import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_MONTHS = 480
_UTC = datetime.UTC
_STARTS = text(
    "SELECT number, mandant_cycle_start(:anchored, :zone, number) FROM generate_series(0, :last) AS number"
)
_NUMBERS = text(
    "SELECT mandant_cycle_number(:anchored, :zone, start), "
    "mandant_cycle_number(:anchored, :zone, start - interval '1 microsecond') "
    "FROM generate_series(0, :last) AS number, mandant_cycle_start(:anchored, :zone, number) AS start "
    "ORDER BY number"
)


def _midnight(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    """The last moment that shows midnight; where clocks skip it, by the offset from before."""
    local = datetime.datetime.combine(day, datetime.time.min)
    instants = [local.replace(tzinfo=zone, fold=fold).astimezone(_UTC) for fold in (0, 1)]
    real = [instant for instant in instants if instant.astimezone(zone).replace(tzinfo=None) == local]
    return max(real, default=instants[0])


def _start(anchor: datetime.date, number: int, zone: ZoneInfo) -> datetime.datetime:
    month = anchor.month - 1 + number
    year, month = anchor.year + month // 12, month % 12 + 1
    day = min(anchor.day, calendar.monthrange(year, month)[1])
    return _midnight(datetime.date(year, month, day), zone)


@pytest.mark.parametrize("day", [1, 28, 29, 30, 31])
@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Pacific/Apia"]
)
async def test_forty_years(database: AsyncEngine, zone: str, day: int) -> None:
    """Zones with clocks that change by night, at midnight, twice over midnight, and over a whole day."""
    anchor, known = datetime.date(1992, 1, day), ZoneInfo(zone)
    anchored_at = datetime.datetime.combine(anchor, datetime.time(17, 3), known)
    values = {"anchored": anchored_at, "zone": zone, "last": _MONTHS}
    async with database.connect() as connection:
        starts = {row[0]: row[1] for row in await connection.execute(_STARTS, values)}
        numbers = [tuple(row) for row in await connection.execute(_NUMBERS, values)]
    assert starts == {number: _start(anchor, number, known) for number in range(_MONTHS + 1)}
    # A boundary belongs to the new cycle, the moment before it to the old one.
    assert numbers == [(number, number - 1) for number in range(_MONTHS + 1)]


async def test_days_do_not_drift(database: AsyncEngine) -> None:
    anchored = datetime.datetime(2027, 1, 31, 12, tzinfo=_UTC)
    async with database.connect() as connection:
        rows = await connection.execute(_STARTS, {"anchored": anchored, "zone": "UTC", "last": 4})
        days = [(row[1].month, row[1].day) for row in rows]
    assert days == [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]


async def test_the_clock_goes_as_the_databases_own(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert (await connection.execute(text("SELECT mandant_now() = now()"))).scalar_one()
