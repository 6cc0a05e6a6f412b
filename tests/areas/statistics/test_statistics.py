"""Statistics of one account as the API tells them."""

import datetime
from dataclasses import replace
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.base.ids import Kind, new_id, present
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.settings.tables import SettingName
from models.statistics.tables import StatisticKind
from tests.areas.statistics.asking import (
    CLICK,
    DAY,
    MAY,
    OPEN,
    SENT,
    ask,
    count_and_add_up,
    read,
    sent_by,
)
from tests.client.api import Api
from tests.world.settings import set_setting
from tests.world.statistics import BY_MAIL, count_there, counted, labeled, roll_up
from tests.world.world import World

_WHAT_FOR = [
    "startsOn",
    "startsAt",
    "account",
    "label",
    "campaignId",
    "stream",
    "channel",
    "apiKeyId",
    "previous",
]


async def test_totals_and_rates(api: Api, world: World, sessions: WriteSessions) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.ANALYST)
    happened = {
        SENT: 200,
        StatisticKind.FAILED: 4,
        StatisticKind.DELIVERED: 160,
        StatisticKind.HARD_BOUNCE: 6,
        StatisticKind.SOFT_BOUNCE: 2,
        StatisticKind.COMPLAINT: 8,
        OPEN: 40,
        CLICK: 16,
        StatisticKind.UNSUBSCRIBE: 4,
    }
    await count_and_add_up(
        sessions,
        account,
        *[counted(kind, MAY, number) for kind, number in happened.items()],
        # Fifty of them are SMS of three parts: no rate goes by that.
        replace(counted(SENT, MAY, 0), sends=300),
        replace(counted(OPEN, MAY, 10), is_first=False),
        replace(counted(SENT, MAY, 0), amount=5_000_000_000),
        replace(counted(StatisticKind.REVENUE, MAY, 3), amount=7_000_000),
    )
    (row,) = await read(api, owner, account)
    assert row["numbers"] == {
        "sent": 200,
        "sends": 300,
        "failed": 4,
        "delivered": 160,
        "hardBounces": 6,
        "softBounces": 2,
        "complaints": 8,
        "opens": 50,
        "uniqueOpens": 40,
        "clicks": 16,
        "uniqueClicks": 16,
        "unsubscribes": 4,
        "orders": 3,
        "cost": "5000000000",
        "revenue": "7000000",
        "deliveryRate": 0.8,
        "bounceRate": 0.04,
        "complaintRate": 0.05,
        "openRate": 0.25,
        "clickRate": 0.1,
        "unsubscribeRate": 0.025,
        "orderRate": 0.01875,
        "revenuePerMessage": "35000",
    }
    assert {row[key] for key in _WHAT_FOR} == {None}


async def test_nothing_was_sent(api: Api, world: World) -> None:
    """One row of zeros without rates; by anything, none."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    (row,) = await read(api, owner, account)
    assert row["numbers"]["sent"] == 0
    for rate in ("openRate", "bounceRate", "orderRate", "revenuePerMessage"):
        assert row["numbers"][rate] is None
    assert await read(api, owner, account, by=["LABEL"]) == []


async def test_by_all_dimensions(api: Api, world: World, sessions: WriteSessions) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key, campaign = new_id(), new_id()
    by_sms = replace(BY_MAIL, channel=MessageChannel.SMS, stream=SendStream.TRANSACTIONAL, api_key_id=key)
    by_campaign = replace(BY_MAIL, label="spring", campaign_id=campaign)
    await count_and_add_up(
        sessions, account, counted(SENT, MAY, 2, by_sms), counted(SENT, MAY, 3, by_campaign)
    )
    campaign_id, key_id = f"cmpg_{campaign}", present(Kind.API_KEY, key)
    names = ("account", "label", "campaignId", "stream", "channel", "apiKeyId")
    by = ["ACCOUNT", "LABEL", "CAMPAIGN", "STREAM", "CHANNEL", "API_KEY"]
    assert sent_by(await read(api, owner, account, by=by), *names) == {
        (account.id, None, None, "TRANSACTIONAL", "SMS", key_id): 2,
        (account.id, "spring", campaign_id, "MARKETING", "EMAIL", None): 3,
    }
    for filter_, sent in (
        ({"label": "SPRING"}, 3),
        ({"campaign": campaign_id}, 3),
        ({"stream": "TRANSACTIONAL"}, 2),
        ({"channel": "SMS"}, 2),
        ({"label": "spring", "channel": "SMS"}, 0),
    ):
        (row,) = await read(api, owner, account, **filter_)
        assert row["numbers"]["sent"] == sent


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-01-01", "2027-01-01", 15),
        ("2026-05-05", "2026-05-06", 2),
        ("2026-05-05", "2026-05-05", 0),
        ("2026-05-06", "2026-06-30", 4),
        ("2026-04-30", "2026-06-01", 6),
        ("2026-04-15", "2026-07-02", 14),
        ("2026-05-01", "2026-06-01", 6),
    ],
)
async def test_days_and_months_make_up_a_period(
    since: str, until: str, expected: int, api: Api, world: World, sessions: WriteSessions
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    sent = {MAY: 2, MAY + DAY: 4, MAY.replace(month=6, day=30): 8, MAY.replace(month=1, day=1): 1}
    await count_and_add_up(sessions, account, *[counted(SENT, at, number) for at, number in sent.items()])
    (row,) = await read(api, owner, account, since=since, until=until)
    assert row["numbers"]["sent"] == expected
    months = await read(api, owner, account, since=since, until=until, interval="MONTH")
    assert sum(row["numbers"]["sent"] for row in months) == expected
    days = await read(api, owner, account, since=since, until=until, interval="DAY")
    assert sum(row["numbers"]["sent"] for row in days) == expected


async def test_by_hour_day_and_month(api: Api, world: World, sessions: WriteSessions) -> None:
    """Days and months are the account's own; hours are those of UTC."""
    account = await world.account()
    await set_setting(world, account, SettingName.TIME_ZONE, "Asia/Tokyo")
    owner = await world.member(account, BuiltinRole.OWNER)
    now = datetime.datetime.now(datetime.UTC)
    evening = (now - 2 * DAY).replace(hour=20, minute=30, second=0, microsecond=0)
    await count_and_add_up(
        sessions, account, counted(SENT, evening), counted(SENT, evening.replace(hour=3), 2)
    )
    around = {"since": str((evening - 5 * DAY).date()), "until": str((evening + 5 * DAY).date())}
    next_day = evening.date() + DAY
    found = await read(api, owner, account, **around, interval="DAY")
    assert sent_by(found, "startsOn", "startsAt") == {
        (str(evening.date()), None): 2,
        (str(next_day), None): 1,
    }
    found = await read(api, owner, account, **around, interval="HOUR")
    hours = [evening.replace(hour=3, minute=0), evening.replace(minute=0)]
    assert [datetime.datetime.fromisoformat(row["startsAt"]) for row in found] == hours
    assert {row["startsOn"] for row in found} == {None}
    found = await read(api, owner, account, **around, interval="MONTH")
    assert {row["startsOn"] for row in found} == {
        str(evening.date().replace(day=1)),
        str(next_day.replace(day=1)),
    }


async def test_the_period_before(api: Api, world: World, sessions: WriteSessions) -> None:
    """Of whole months it is as many months, else as many days. What was only there has a row too."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    march, april = MAY.replace(month=3, day=1), MAY.replace(month=4, day=30)
    await count_and_add_up(
        sessions,
        account,
        counted(SENT, march, 1, labeled("a")),
        counted(SENT, april, 2, labeled("a")),
        counted(SENT, MAY, 4, labeled("b")),
    )

    async def compared(since: str, until: str) -> dict[str, tuple[int, int]]:
        rows = await read(api, owner, account, since=since, until=until, by=["LABEL"], previous=True)
        return {row["label"]: (row["numbers"]["sent"], row["previous"]["sent"]) for row in rows}

    assert await compared("2026-05-01", "2026-06-01") == {"a": (0, 2), "b": (4, 0)}
    assert await compared("2026-04-01", "2026-06-01") == {"a": (2, 1), "b": (4, 0)}
    assert await compared("2026-05-02", "2026-06-01") == {"b": (4, 0)} | {"a": (0, 2)}
    assert await compared("2026-05-05", "2026-05-06") == {"b": (4, 0)}
    assert await compared("2026-05-06", "2026-05-07") == {"b": (0, 4)}


async def test_pages(api: Api, world: World, sessions: WriteSessions) -> None:
    """Every row once, in one order."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    given = [
        counted(SENT, MAY + day * DAY, 1, labeled(text)) for day in range(3) for text in ("", "a", 'b|"')
    ]
    await count_and_add_up(sessions, account, *given)
    asked: dict[str, Any] = {"interval": "DAY", "by": ["LABEL"]}
    whole = await read(api, owner, account, **asked)
    assert len(whole) == 9
    pages, cursor, goes_on = list[dict[str, Any]](), None, True
    while goes_on:
        answer = await ask(api, owner, account, **asked, first=2, after=cursor)
        page = answer.data["statistics"]
        pages += page["nodes"]
        cursor, goes_on = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert pages == whole
    other = await ask(api, owner, account, by=["LABEL"], after=cursor)
    assert other.codes == ["BAD_USER_INPUT"]


async def test_it_says_how_far_it_is(api: Api, world: World, sessions: WriteSessions) -> None:
    """Until what was counted first and is not added up; now, if all is."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    before = datetime.datetime.now(datetime.UTC)
    await count_there(sessions, account, counted(SENT, MAY))

    async def as_of() -> datetime.datetime:
        answer = await ask(api, owner, account, by=["LABEL"])
        return datetime.datetime.fromisoformat(answer.data["statistics"]["asOf"])

    counted_at = await as_of()
    assert before < counted_at < datetime.datetime.now(datetime.UTC)
    assert await as_of() == counted_at
    await roll_up(sessions, account)
    assert await as_of() > counted_at


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({"since": "2026-05-05", "until": "2026-05-04"}, "until"),
        ({"since": "2020-01-01", "until": "2026-05-04"}, "until"),
        ({"since": "1999-12-31"}, "since"),
        ({"since": "9999-12-30", "until": "9999-12-31"}, "since"),
        ({"previous": True, "interval": "DAY"}, "comparedToPrevious"),
        ({"first": -1}, "first"),
        ({"after": "bogus"}, "after"),
    ],
)
async def test_what_cannot_be_asked(asked: dict[str, Any], argument: str, api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    answer = await ask(api, owner, account, **{"by": ["LABEL"], **asked})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["extensions"]["argument"] == argument
