"""Statistics as the API tells them."""

import datetime
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from engine.text.forms import compared
from engine.writes.sessions import WriteSessions
from models.accounts.tables import ParentAccess
from models.base.ids import Kind, new_id, present
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.settings.tables import SettingName
from models.statistics.tables import StatisticKind
from resolvers.statistics.count import Counted
from tests.client.api import Answer, Api, Caller
from tests.client.links import set_parent_access
from tests.world.settings import set_setting
from tests.world.shares import Given, give_share
from tests.world.statistics import BY_MAIL, count_there, counted, labeled, roll_up
from tests.world.world import Account, World

_NUMBERS = (
    "sent failed delivered hardBounces softBounces complaints opens uniqueOpens clicks uniqueClicks "
    "unsubscribes orders cost revenue deliveryRate bounceRate complaintRate openRate clickRate "
    "unsubscribeRate"
)
_QUERY = f"""
query ($id: ID!, $since: Date!, $until: Date!, $by: [StatisticDimension!], $interval: StatisticInterval,
    $below: Boolean = false, $label: String, $campaign: ID, $stream: SendStream, $channel: MessageChannel,
    $previous: Boolean = false, $first: Int, $after: String) {{
  statistics(accountId: $id, since: $since, until: $until, by: $by, interval: $interval,
      includeDescendants: $below, label: $label, campaignId: $campaign, stream: $stream, channel: $channel,
      comparedToPrevious: $previous, first: $first, after: $after) {{
    asOf
    pageInfo {{ hasNextPage hasPreviousPage endCursor }}
    nodes {{
      startsOn startsAt account {{ id }} label campaignId stream channel apiKeyId
      numbers {{ {_NUMBERS} }} previous {{ sent }}
    }}
  }}
}}
"""
_MAY = datetime.datetime(2026, 5, 5, 12, tzinfo=datetime.UTC)
_DAY = datetime.timedelta(days=1)
YEAR = {"since": "2026-01-01", "until": "2027-01-01"}
SENT, OPEN, CLICK = StatisticKind.SENT, StatisticKind.OPEN, StatisticKind.CLICK


async def _ask(api: Api, caller: Caller, account: Account, **asked: Any) -> Answer:
    return await api.ask(_QUERY, caller, **{"id": account.id, **YEAR, **asked})


async def _read(api: Api, caller: Caller, account: Account, **asked: Any) -> list[dict[str, Any]]:
    """The rows."""
    answer = await _ask(api, caller, account, **asked)
    assert answer.codes == []
    rows: list[dict[str, Any]] = answer.data["statistics"]["nodes"]
    return rows


def _sent(rows: Sequence[dict[str, Any]], *keys: str) -> dict[Any, int]:
    """What was sent by the values of these keys."""
    found = {}
    for row in rows:
        values = tuple(row[key]["id"] if key == "account" else row[key] for key in keys)
        found[values[0] if len(values) == 1 else values] = row["numbers"]["sent"]
    assert len(found) == len(rows)
    return found


async def _all(world: World, sessions: WriteSessions, account: Account, *given: Counted) -> None:
    await count_there(sessions, account, *given)
    await roll_up(sessions, account)


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
    await _all(
        world,
        sessions,
        account,
        *[counted(kind, _MAY, number) for kind, number in happened.items()],
        replace(counted(OPEN, _MAY, 10), is_first=False),
        replace(counted(SENT, _MAY, 0), amount=5_000_000_000),
        replace(counted(StatisticKind.REVENUE, _MAY, 3), amount=7_000_000),
    )
    (row,) = await _read(api, owner, account)
    assert row["numbers"] == {
        "sent": 200,
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
    }
    keys = [
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
    assert {row[key] for key in keys} == {None}


async def test_nothing_was_sent(api: Api, world: World) -> None:
    """One row of zeros without rates; by anything, none."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    (row,) = await _read(api, owner, account)
    assert row["numbers"]["sent"] == 0
    assert row["numbers"]["openRate"] is row["numbers"]["bounceRate"] is None
    assert await _read(api, owner, account, by=["LABEL"]) == []


async def test_by_all_dimensions(api: Api, world: World, sessions: WriteSessions) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key, campaign = new_id(), new_id()
    by_sms = replace(BY_MAIL, channel=MessageChannel.SMS, stream=SendStream.TRANSACTIONAL, api_key_id=key)
    by_campaign = replace(BY_MAIL, label="spring", campaign_id=campaign)
    await _all(world, sessions, account, counted(SENT, _MAY, 2, by_sms), counted(SENT, _MAY, 3, by_campaign))
    campaign_id, key_id = f"cmpg_{campaign}", present(Kind.API_KEY, key)
    names = ("account", "label", "campaignId", "stream", "channel", "apiKeyId")
    by = ["ACCOUNT", "LABEL", "CAMPAIGN", "STREAM", "CHANNEL", "API_KEY"]
    assert _sent(await _read(api, owner, account, by=by), *names) == {
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
        (row,) = await _read(api, owner, account, **filter_)
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
    sent = {_MAY: 2, _MAY + _DAY: 4, _MAY.replace(month=6, day=30): 8, _MAY.replace(month=1, day=1): 1}
    await _all(world, sessions, account, *[counted(SENT, at, number) for at, number in sent.items()])
    (row,) = await _read(api, owner, account, since=since, until=until)
    assert row["numbers"]["sent"] == expected
    months = await _read(api, owner, account, since=since, until=until, interval="MONTH")
    assert sum(row["numbers"]["sent"] for row in months) == expected
    days = await _read(api, owner, account, since=since, until=until, interval="DAY")
    assert sum(row["numbers"]["sent"] for row in days) == expected


async def test_by_hour_day_and_month(api: Api, world: World, sessions: WriteSessions) -> None:
    """Days and months are the account's own; hours are those of UTC."""
    account = await world.account()
    await set_setting(world, account, SettingName.TIME_ZONE, "Asia/Tokyo")
    owner = await world.member(account, BuiltinRole.OWNER)
    now = datetime.datetime.now(datetime.UTC)
    evening = (now - 2 * _DAY).replace(hour=20, minute=30, second=0, microsecond=0)
    await _all(world, sessions, account, counted(SENT, evening), counted(SENT, evening.replace(hour=3), 2))
    around = {"since": str((evening - 5 * _DAY).date()), "until": str((evening + 5 * _DAY).date())}
    next_day = evening.date() + _DAY
    found = await _read(api, owner, account, **around, interval="DAY")
    assert _sent(found, "startsOn", "startsAt") == {
        (str(evening.date()), None): 2,
        (str(next_day), None): 1,
    }
    found = await _read(api, owner, account, **around, interval="HOUR")
    hours = [evening.replace(hour=3, minute=0), evening.replace(minute=0)]
    assert [datetime.datetime.fromisoformat(row["startsAt"]) for row in found] == hours
    assert {row["startsOn"] for row in found} == {None}
    found = await _read(api, owner, account, **around, interval="MONTH")
    assert {row["startsOn"] for row in found} == {
        str(evening.date().replace(day=1)),
        str(next_day.replace(day=1)),
    }


async def test_the_period_before(api: Api, world: World, sessions: WriteSessions) -> None:
    """Of whole months it is as many months, else as many days. What was only there has a row too."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    march, april = _MAY.replace(month=3, day=1), _MAY.replace(month=4, day=30)
    await _all(
        world,
        sessions,
        account,
        counted(SENT, march, 1, labeled("a")),
        counted(SENT, april, 2, labeled("a")),
        counted(SENT, _MAY, 4, labeled("b")),
    )

    async def compared(since: str, until: str) -> dict[str, tuple[int, int]]:
        rows = await _read(api, owner, account, since=since, until=until, by=["LABEL"], previous=True)
        return {row["label"]: (row["numbers"]["sent"], row["previous"]["sent"]) for row in rows}

    assert await compared("2026-05-01", "2026-06-01") == {"a": (0, 2), "b": (4, 0)}
    assert await compared("2026-04-01", "2026-06-01") == {"a": (2, 1), "b": (4, 0)}
    assert await compared("2026-05-02", "2026-06-01") == {"b": (4, 0)} | {"a": (0, 2)}
    assert await compared("2026-05-05", "2026-05-06") == {"b": (4, 0)}
    assert await compared("2026-05-06", "2026-05-07") == {"b": (0, 4)}


async def test_a_tree_side_by_side(api: Api, world: World, sessions: WriteSessions) -> None:
    """Only the accounts below in which the viewer has STATISTICS_READ."""
    master = await world.account()
    middle, shut = await world.account(master), await world.account(master)
    leaf = await world.account(middle)
    await set_parent_access(world, shut, ParentAccess.NONE)
    owner = await world.member(master, BuiltinRole.OWNER)
    analyst = await world.member(middle, BuiltinRole.ANALYST)
    for number, account in enumerate((master, middle, shut, leaf)):
        await count_there(sessions, account, counted(SENT, _MAY, 10**number))
    await roll_up(sessions, master)
    by = {"by": ["ACCOUNT"], "below": True}
    assert _sent(await _read(api, owner, master, **by), "account") == {
        master.id: 1,
        middle.id: 10,
        leaf.id: 1000,
    }
    (row,) = await _read(api, owner, master, below=True)
    assert row["numbers"]["sent"] == 1011
    assert _sent(await _read(api, owner, master, by=["ACCOUNT"]), "account") == {master.id: 1}
    # Roles of analysts do not apply below.
    assert _sent(await _read(api, analyst, middle, **by), "account") == {middle.id: 10}
    assert (await _ask(api, analyst, master, **by)).codes == ["NOT_FOUND"]
    assert (await _ask(api, owner, shut)).codes == ["FORBIDDEN"]


async def test_parts_of_a_tree_are_not_seen(api: Api, world: World, sessions: WriteSessions) -> None:
    """Also where what is below is seen again. Labels that are only there are not told."""
    master = await world.account()
    shut = await world.account(master)
    below = await world.account(shut)
    deepest = await world.account(below)
    for account in (shut, deepest):
        await set_parent_access(world, account, ParentAccess.NONE)
    owner = await world.member(master, BuiltinRole.OWNER)
    await world.member(below, BuiltinRole.ANALYST, owner.person)
    for number, account in enumerate((master, shut, below, deepest)):
        seen = counted(SENT, _MAY, 10**number, labeled("all"))
        await count_there(sessions, account, seen, counted(SENT, _MAY, 1, labeled(compared(account.name))))
    await roll_up(sessions, master)
    by_label = {"all": 101, compared(master.name): 1, compared(below.name): 1}
    assert _sent(await _read(api, owner, master, by=["LABEL"], below=True), "label") == by_label
    (row,) = await _read(api, owner, master, below=True)
    assert row["numbers"]["sent"] == 103
    by_account = {master.id: 2, below.id: 101}
    assert _sent(await _read(api, owner, master, by=["ACCOUNT"], below=True), "account") == by_account


@pytest.mark.parametrize("seed", range(4))
async def test_a_whole_tree_is_the_sum_of_its_accounts(
    seed: int, api: Api, world: World, sessions: WriteSessions
) -> None:
    """Whatever is shut in it."""
    chance = random.Random(seed)
    tree = [await world.account()]
    for _ in range(12):
        tree.append(await world.account(chance.choice(tree)))
    for account in tree[1:]:
        if chance.random() < 0.3:
            await set_parent_access(world, account, ParentAccess.NONE)
    owner = await world.member(tree[0], BuiltinRole.OWNER)
    for account in chance.sample(tree[1:], 3):
        await world.member(account, BuiltinRole.ADMINISTRATOR, owner.person)
    for account in tree:
        days = [_MAY + chance.randint(-60, 60) * _DAY for _ in range(3)]
        given = [counted(SENT, day, chance.randint(1, 99), labeled(chance.choice("abc"))) for day in days]
        await count_there(sessions, account, *given)
    await roll_up(sessions, tree[0])
    asked: dict[str, Any] = {"since": "2026-03-20", "until": "2026-06-11", "below": True}
    by_account = await _read(
        api, owner, tree[0], **asked, interval="MONTH", by=["ACCOUNT", "LABEL"], first=100
    )
    expected = Counter[tuple[str, str]]()
    for row in by_account:
        expected[row["startsOn"], row["label"]] += row["numbers"]["sent"]
    whole = await _read(api, owner, tree[0], **asked, interval="MONTH", by=["LABEL"])
    assert _sent(whole, "startsOn", "label") == expected
    assert 1 < len({row["account"]["id"] for row in by_account}) < len(tree)


async def test_other_trees_stay_apart(api: Api, world: World, sessions: WriteSessions) -> None:
    one, other = await world.account(), await world.account()
    for account in (one, other):
        await _all(world, sessions, account, counted(SENT, _MAY))
    owner = await world.member(one, BuiltinRole.OWNER)
    (row,) = await _read(api, owner, one, below=True)
    assert row["numbers"]["sent"] == 1
    assert (await _ask(api, owner, other, below=True)).codes == ["NOT_FOUND"]


async def test_pages(api: Api, world: World, sessions: WriteSessions) -> None:
    """Every row once, in one order."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    given = [
        counted(SENT, _MAY + day * _DAY, 1, labeled(text)) for day in range(3) for text in ("", "a", 'b|"')
    ]
    await _all(world, sessions, account, *given)
    asked: dict[str, Any] = {"interval": "DAY", "by": ["LABEL"]}
    whole = await _read(api, owner, account, **asked)
    assert len(whole) == 9
    pages, cursor, goes_on = list[dict[str, Any]](), None, True
    while goes_on:
        answer = await _ask(api, owner, account, **asked, first=2, after=cursor)
        page = answer.data["statistics"]
        pages += page["nodes"]
        cursor, goes_on = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert pages == whole
    other = await _ask(api, owner, account, by=["LABEL"], after=cursor)
    assert other.codes == ["BAD_USER_INPUT"]


async def test_it_says_how_far_it_is(api: Api, world: World, sessions: WriteSessions) -> None:
    """Until what was counted first and is not added up; now, if all is."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    before = datetime.datetime.now(datetime.UTC)
    await count_there(sessions, account, counted(SENT, _MAY))

    async def as_of() -> datetime.datetime:
        answer = await _ask(api, owner, account, by=["LABEL"])
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
    answer = await _ask(api, owner, account, **{"by": ["LABEL"], **asked})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["extensions"]["argument"] == argument


_RECIPIENTS = """
query ($id: ID!, $since: Date!, $until: Date!, $below: Boolean = false, $channel: MessageChannel, $first: Int,
    $after: String) {
  recipientStatistics(accountId: $id, since: $since, until: $until, includeDescendants: $below,
      channel: $channel, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { channel recipients numbers { sent uniqueOpens openRate } }
  }
}
"""


async def test_by_recipients(api: Api, world: World, sessions: WriteSessions) -> None:
    """Most sends first."""
    master = await world.account()
    account = await world.account(master)
    owner = await world.member(master, BuiltinRole.OWNER)
    to_one, to_two = replace(BY_MAIL, domain="one.example"), replace(BY_MAIL, domain="two.example")
    by_sms = replace(BY_MAIL, channel=MessageChannel.SMS, country="DE")
    await count_there(sessions, account, counted(SENT, _MAY, 3, to_one), counted(SENT, _MAY, 5, by_sms))
    await count_there(sessions, master, counted(SENT, _MAY + _DAY, 1, to_one), counted(SENT, _MAY, 2, to_two))
    await count_there(sessions, master, counted(OPEN, _MAY + _DAY, 2, to_two))
    await roll_up(sessions, master)

    async def read(**asked: Any) -> list[tuple[str, int]]:
        found = await api.read(_RECIPIENTS, owner, **{"id": master.id, **YEAR, **asked})
        return [
            (node["recipients"], node["numbers"]["sent"]) for node in found["recipientStatistics"]["nodes"]
        ]

    assert await read(below=True) == [("DE", 5), ("one.example", 4), ("two.example", 2)]
    assert await read(below=True, channel="SMS") == [("DE", 5)]
    assert await read() == [("two.example", 2), ("one.example", 1)]
    first = (await api.read(_RECIPIENTS, owner, id=master.id, **YEAR, first=1))["recipientStatistics"]
    assert first["pageInfo"]["hasNextPage"]
    assert await read(after=first["pageInfo"]["endCursor"]) == [("one.example", 1)]


async def test_a_share_of_statistics_alone(api: Api, world: World, sessions: WriteSessions) -> None:
    """It shows them, and nothing else of the account (R38)."""
    master = await world.account()
    account = await world.account(master)
    owner, guest = await world.member(master, BuiltinRole.OWNER), await world.person()
    await give_share(world, [account], guest, owner.person, Given(role=None, areas=[Area.STATISTICS]))
    await count_there(sessions, master, counted(SENT, _MAY))
    await count_there(sessions, account, counted(SENT, _MAY, 5))
    await roll_up(sessions, master)
    by_account = {"by": ["ACCOUNT"], "below": True}
    assert _sent(await _read(api, guest, account, **by_account), "account") == {account.id: 5}
    assert (await _ask(api, guest, master)).codes == ["NOT_FOUND"]
    contacts = "query ($id: ID!) { account(id: $id) { contacts { totalCount } } }"
    assert (await api.ask(contacts, guest, id=account.id)).codes == ["FORBIDDEN"]
