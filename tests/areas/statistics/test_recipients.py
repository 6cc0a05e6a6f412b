"""Statistics by who was written to."""

from dataclasses import replace
from typing import Any

from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSessions
from models.messages.tables import MessageChannel
from tests.areas.statistics.asking import DAY, MAY, OPEN, SENT, YEAR
from tests.client.api import Api
from tests.world.statistics import BY_MAIL, count_there, counted, roll_up
from tests.world.world import World

_RECIPIENTS = """
query ($id: ID!, $since: Date!, $until: Date!, $below: Boolean = false, $channel: MessageChannel, $first: Int,
    $after: String, $recipients: String, $interval: StatisticInterval, $previous: Boolean = false) {
  recipientStatistics(accountId: $id, since: $since, until: $until, includeDescendants: $below,
      channel: $channel, first: $first, after: $after, recipients: $recipients, interval: $interval,
      comparedToPrevious: $previous) {
    pageInfo { hasNextPage endCursor }
    nodes { channel recipients startsOn numbers { sent uniqueOpens openRate } previous { sent } }
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
    await count_there(sessions, account, counted(SENT, MAY, 3, to_one), counted(SENT, MAY, 5, by_sms))
    await count_there(sessions, master, counted(SENT, MAY + DAY, 1, to_one), counted(SENT, MAY, 2, to_two))
    await count_there(sessions, master, counted(OPEN, MAY + DAY, 2, to_two))
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


async def test_one_domain_over_time(api: Api, world: World, sessions: WriteSessions) -> None:
    """By day and month, the last one first, in pages too; and beside the period before."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    to_one, to_two = replace(BY_MAIL, domain="one.example"), replace(BY_MAIL, domain="two.example")
    june = MAY.replace(month=6)
    given = {(MAY, to_one): 3, (MAY + DAY, to_one): 4, (june, to_one): 5, (june, to_two): 9, (MAY, to_two): 1}
    await count_there(sessions, account, *[counted(SENT, at, n, to) for (at, to), n in given.items()])
    await roll_up(sessions, account)

    async def read(**asked: Any) -> list[tuple[Any, ...]]:
        found = await api.read(_RECIPIENTS, owner, **{"id": account.id, **YEAR, **asked})
        return [
            (
                node["startsOn"],
                node["recipients"],
                node["numbers"]["sent"],
                (node["previous"] or {}).get("sent"),
            )
            for node in found["recipientStatistics"]["nodes"]
        ]

    one: dict[str, Any] = {"recipients": "one.example"}
    assert await read(**one) == [(None, "one.example", 12, None)]
    assert await read(recipients="ONE.Example") == await read(**one)
    days = [(str(at.date()), "one.example", n, None) for at, n in ((june, 5), (MAY + DAY, 4), (MAY, 3))]
    assert await read(**one, interval="DAY") == days
    months = [
        ("2026-06-01", "two.example", 9, None),
        ("2026-06-01", "one.example", 5, None),
        ("2026-05-01", "one.example", 7, None),
        ("2026-05-01", "two.example", 1, None),
    ]
    assert await read(interval="MONTH") == months
    pages, cursor = list[tuple[Any, ...]](), None
    for _ in months:
        pages += await read(interval="MONTH", first=1, after=cursor)
        asked = {"id": account.id, **YEAR, "interval": "MONTH", "first": 1, "after": cursor}
        found = (await api.read(_RECIPIENTS, owner, **asked))["recipientStatistics"]
        cursor = found["pageInfo"]["endCursor"]
    assert pages == months
    in_june: dict[str, Any] = {"since": "2026-06-01", "until": "2026-07-01", "previous": True}
    assert await read(**in_june) == [(None, "two.example", 9, 1), (None, "one.example", 5, 7)]
    after = {"since": "2026-07-01", "until": "2026-08-01", "previous": True}
    assert await read(**after) == [(None, "two.example", 0, 9), (None, "one.example", 0, 5)]
    for wrong in ({"interval": "HOUR"}, {"interval": "DAY", "previous": True}, {"until": "2020-01-01"}):
        answer = await api.ask(_RECIPIENTS, owner, **{"id": account.id, **YEAR, **wrong})
        assert answer.codes == ["BAD_USER_INPUT"]
