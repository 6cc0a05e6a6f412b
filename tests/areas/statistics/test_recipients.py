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
