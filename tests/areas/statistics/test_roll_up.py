"""What was counted is added up, each thing once, where it belongs."""

import asyncio
import datetime
import random
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, MasterId, new_id
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.settings.tables import SettingName
from models.statistics.tables import (
    NO_ID,
    OTHER_RECIPIENTS,
    StatisticKind,
    recipient_statistics,
    statistic_deltas,
    statistics,
    statistics_due,
)
from resolvers.statistics import adding
from resolvers.statistics.count import Counted, Source
from resolvers.statistics.roll_up import AddedUp, add_up
from tests.database.job_queue import kinds_of
from tests.world.settings import set_setting
from tests.world.statistics import BY_MAIL, count_there, count_within, counted, labeled, roll_up
from tests.world.world import Account, World

NOW = datetime.datetime.now(datetime.UTC)
_MINUTE = datetime.timedelta(minutes=1)

Key = tuple[str, datetime.datetime, str, str, uuid.UUID, uuid.UUID, str]

_NAMES = {
    StatisticKind.SENT: "sent",
    StatisticKind.FAILED: "failed",
    StatisticKind.DELIVERED: "delivered",
    StatisticKind.HARD_BOUNCE: "hard_bounces",
    StatisticKind.SOFT_BOUNCE: "soft_bounces",
    StatisticKind.COMPLAINT: "complaints",
    StatisticKind.OPEN: "opens",
    StatisticKind.CLICK: "clicks",
    StatisticKind.UNSUBSCRIBE: "unsubscribes",
    StatisticKind.REVENUE: "orders",
}
_FIRSTS = {StatisticKind.OPEN: "unique_opens", StatisticKind.CLICK: "unique_clicks"}
_AMOUNTS = {StatisticKind.SENT: "cost", StatisticKind.REVENUE: "revenue"}


def _recounted(given: Iterable[Counted], zone: str) -> dict[Key, Counter[str]]:
    """The same by plain counting."""
    sums: dict[Key, Counter[str]] = {}
    for each in given:
        if each.kind is StatisticKind.SENT_TO:
            continue  # It was counted as SENT, and is there for the recipients alone.
        there = each.happened_at.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
        day = there.replace(hour=0, tzinfo=datetime.UTC)
        hour = each.happened_at.replace(minute=0, second=0, microsecond=0)
        starts = {"DAY": day, "MONTH": day.replace(day=1)}
        if each.happened_at >= NOW - datetime.timedelta(days=60):
            starts["HOUR"] = hour
        source = each.source
        ids = (source.api_key_id or NO_ID, source.campaign_id or NO_ID, source.label or "")
        for period, starts_at in starts.items():
            key = (period, starts_at, source.channel.value, source.stream.value, *ids)
            sum_ = sums.setdefault(key, Counter())
            sum_[_NAMES[each.kind]] += each.number
            if each.kind in _FIRSTS and each.is_first:
                sum_[_FIRSTS[each.kind]] += each.number
            if each.kind in _AMOUNTS:
                sum_[_AMOUNTS[each.kind]] += each.amount
            if each.kind is StatisticKind.SENT:
                sum_["sends"] += each.sends
    return sums


async def _added_up(database: AsyncEngine, account: Account) -> dict[Key, Counter[str]]:
    """What the account's rows say."""
    async with database.connect() as connection:
        rows = await connection.execute(select(statistics).where(statistics.c.account_id == account.key))
        key = [column.name for column in statistics.primary_key.columns][2:]
        numbers = [column.name for column in statistics.c][9:]
        return {
            tuple(getattr(row, name) for name in key): Counter(
                {name: getattr(row, name) for name in numbers if getattr(row, name)}
            )
            for row in rows
        }


async def _left(database: AsyncEngine, account: Account) -> int:
    async with database.connect() as connection:
        of_tree = statistic_deltas.c.master_id == account.master
        return int((await connection.execute(select(func.count()).where(of_tree))).scalar_one())


async def _is_due(database: AsyncEngine, account: Account) -> bool:
    async with database.connect() as connection:
        of_tree = statistics_due.c.master_id == account.master
        return bool((await connection.execute(select(func.count()).where(of_tree))).scalar_one())


def _some(chance: random.Random, around: datetime.datetime, many: int) -> list[Counted]:
    """What happened within three days around a moment."""
    keys, campaigns = [None, new_id()], [None, new_id(), new_id()]
    return [
        Counted(
            source=Source(
                channel=chance.choice(list(MessageChannel)),
                stream=chance.choice(list(SendStream)),
                api_key_id=chance.choice(keys),
                campaign_id=chance.choice(campaigns),
                label=chance.choice([None, "spring", "a|b ' \" 🔥"]),
            ),
            kind=chance.choice(list(StatisticKind)),
            happened_at=around + datetime.timedelta(minutes=chance.randint(-2_160, 2_160), seconds=5.5),
            number=chance.randint(1, 5),
            sends=chance.randint(1, 50),
            amount=chance.randint(0, 2**45),
            is_first=chance.random() < 0.5,
        )
        for _ in range(many)
    ]


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
async def test_it_is_what_counting_gives(
    zone: str, world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    """Also where clocks go forward or back, where an hour is of two days, and where some of it comes late."""
    chance = random.Random(zone)
    account = await world.account(await world.account())
    await set_setting(world, account, SettingName.TIME_ZONE, zone)
    moments = [datetime.datetime(2026, month, day, 1, tzinfo=datetime.UTC) for month, day in CHANGES]
    given = [each for moment in [NOW, *moments] for each in _some(chance, moment, 40)]
    chance.shuffle(given)
    for first in range(0, len(given), 50):
        await count_there(sessions, account, *given[first : first + 50])
        if chance.random() < 0.5:
            await roll_up(sessions, account)
    await roll_up(sessions, account)
    assert await _added_up(database, account) == _recounted(given, zone)
    assert await _left(database, account) == 0
    assert not await _is_due(database, account)


CHANGES = ((3, 8), (3, 29), (4, 4), (10, 4), (10, 25), (11, 1))
"""When clocks change in 2026 somewhere."""


async def test_zones_are_those_of_each_account(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    """One batch, two days."""
    master = await world.account()
    berlin, tokyo = await world.account(master), await world.account(master)
    await set_setting(world, berlin, SettingName.TIME_ZONE, "Europe/Berlin")
    await set_setting(world, tokyo, SettingName.TIME_ZONE, "Asia/Tokyo")
    evening = datetime.datetime(2026, 6, 30, 20, 30, tzinfo=datetime.UTC)
    for account in (berlin, tokyo):
        await count_there(sessions, account, counted(StatisticKind.OPEN, evening))
    await roll_up(sessions, master)
    days = {key[1].date() for key in await _added_up(database, berlin) if key[0] == "DAY"}
    assert days == {datetime.date(2026, 6, 30)}
    months = {key[1].date() for key in await _added_up(database, tokyo) if key[0] == "MONTH"}
    assert months == {datetime.date(2026, 7, 1)}


async def test_the_late_count_where_they_belong(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    """A year late: by day and month. Hours are not kept that long."""
    account = await world.account()
    year_ago = NOW - datetime.timedelta(days=366)
    await count_there(sessions, account, counted(StatisticKind.CLICK, year_ago))
    await roll_up(sessions, account)
    assert {key[0]: key[1].date() for key in await _added_up(database, account)} == {
        "DAY": year_ago.date(),
        "MONTH": year_ago.date().replace(day=1),
    }


async def test_many_batches(
    world: World, database: AsyncEngine, sessions: WriteSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.statistics.roll_up.BATCH", 7)
    account = await world.account()
    given = [counted(StatisticKind.SENT, NOW, source=labeled(str(number))) for number in range(23)]
    await count_there(sessions, account, *given)
    await roll_up(sessions, account)
    assert await _added_up(database, account) == _recounted(given, "UTC")


async def test_two_workers_and_those_who_count(
    world: World, database: AsyncEngine, sessions: WriteSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once: nothing is lost, and nothing is counted twice."""
    monkeypatch.setattr("resolvers.statistics.roll_up.BATCH", 5)
    master = await world.account()
    accounts = [await world.account(master) for _ in range(3)]
    sent = [counted(StatisticKind.SENT, NOW + number * _MINUTE) for number in range(40)]

    async def count(account: Account) -> None:
        for each in sent:
            await count_there(sessions, account, each)

    async def work() -> None:
        while not counting.done():
            await roll_up(sessions, master)

    counting = asyncio.gather(*[count(account) for account in accounts])
    await asyncio.gather(counting, work(), work(), work())
    await roll_up(sessions, master)
    for account in accounts:
        assert await _added_up(database, account) == _recounted(sent, "UTC")
    assert not await _is_due(database, master)


async def test_who_counts_while_a_worker_ends(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    """The worker does not take the tree for done, and leaves a job."""
    account = await world.account()
    await count_there(sessions, account, counted(StatisticKind.SENT, NOW))
    async with sessions.begin() as session:
        await count_within(session, account, [counted(StatisticKind.SENT, NOW)])
        await session.rows("SELECT 1", ())
        await roll_up(sessions, account)
        assert await _left(database, account) == 0
        assert await _is_due(database, account)
    assert await _left(database, account) == 1
    await roll_up(sessions, account)
    assert {sum_["sent"] for sum_ in (await _added_up(database, account)).values()} == {2}
    assert not await _is_due(database, account)


async def test_a_worker_that_dies(world: World, database: AsyncEngine, sessions: WriteSessions) -> None:
    """Nothing of its batch is lost or there twice."""
    account = await world.account()
    given = [counted(StatisticKind.SENT, NOW), counted(StatisticKind.OPEN, NOW)]
    await count_there(sessions, account, *given)

    async def die() -> None:
        async with sessions.begin() as session:
            assert await add_up(session, MasterId(account.master)) is not None
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await die()
    assert await _left(database, account) == 2
    await roll_up(sessions, account)
    assert await _added_up(database, account) == _recounted(given, "UTC")


async def test_one_job_for_many_who_count(
    world: World, database: AsyncEngine, sessions: WriteSessions
) -> None:
    account = await world.account()
    for _ in range(5):
        await count_there(sessions, account, counted(StatisticKind.SENT, NOW))
    assert (await kinds_of(database, account)).total() == 1


@pytest.mark.parametrize("kind", StatisticKind)
async def test_streams_are_judged_by_some(kind: StatisticKind, world: World, sessions: WriteSessions) -> None:
    """A transaction tells in which accounts numbers changed that matter."""
    master = await world.account()
    account, other = await world.account(master), await world.account(master)
    await count_there(sessions, account, counted(kind, NOW))
    await count_there(sessions, other, counted(StatisticKind.CLICK, NOW))
    async with sessions.begin() as session:
        added = await add_up(session, MasterId(account.master))
    judged = [AccountId(account.key)] if kind in adding.JUDGED else []
    assert added == AddedUp(judged, is_all=True)


async def _by_recipients(database: AsyncEngine, account: Account) -> dict[str, int]:
    row = recipient_statistics.c
    async with database.connect() as connection:
        rows = await connection.execute(select(row.recipients, row.sent).where(row.account_id == account.key))
        return {found.recipients: found.sent for found in rows}


def _to(domain: str, number: int = 1) -> Counted:
    return counted(StatisticKind.SENT, NOW, number, replace(BY_MAIL, domain=domain))


async def test_domains_of_a_day_are_bounded(
    world: World, database: AsyncEngine, sessions: WriteSessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest of a batch come first. One that has a row keeps it; the others share one."""
    monkeypatch.setattr(adding, "MOST_RECIPIENTS", 3)
    account = await world.account()
    await count_there(sessions, account, _to("a.example", 5), _to("b.example", 1))
    await roll_up(sessions, account)
    later = [_to("b.example", 2), _to("c.example", 1), _to("d.example", 4), _to("e.example", 1)]
    await count_there(sessions, account, *later)
    await roll_up(sessions, account)
    await count_there(sessions, account, _to("e.example", 10), _to("d.example"))
    await roll_up(sessions, account)
    assert await _by_recipients(database, account) == {
        "a.example": 5,
        "b.example": 3,
        "d.example": 5,
        OTHER_RECIPIENTS: 12,
    }


async def test_domains_and_countries(world: World, database: AsyncEngine, sessions: WriteSessions) -> None:
    """What is sent to unknown recipients has no row."""
    account = await world.account()
    by_sms = replace(BY_MAIL, channel=MessageChannel.SMS, country="DE")
    sent = [_to("a.example"), counted(StatisticKind.SENT, NOW, 2, by_sms), counted(StatisticKind.SENT, NOW)]
    await count_there(sessions, account, *sent)
    await roll_up(sessions, account)
    assert await _by_recipients(database, account) == {"a.example": 1, "DE": 2}
