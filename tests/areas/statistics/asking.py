"""The query of statistics, and how its rows are read."""

import datetime
from collections.abc import Sequence
from typing import Any

from engine.writes.sessions import WriteSessions
from models.statistics.tables import StatisticKind
from resolvers.statistics.count import Counted
from tests.client.api import Answer, Api, Caller
from tests.world.statistics import count_there, roll_up
from tests.world.world import Account

_NUMBERS = (
    "sent sends failed delivered hardBounces softBounces complaints opens uniqueOpens clicks uniqueClicks "
    "unsubscribes orders cost revenue deliveryRate bounceRate complaintRate openRate clickRate "
    "unsubscribeRate orderRate revenuePerMessage"
)
_QUERY = f"""
query ($id: ID!, $since: Date!, $until: Date!, $by: [StatisticDimension!], $interval: StatisticInterval,
    $below: Boolean = false, $label: String, $campaign: ID, $stream: SendStream, $channel: MessageChannel,
    $previous: Boolean = false, $first: Int, $after: String) {{
  statistics(accountId: $id, since: $since, until: $until, by: $by, interval: $interval,
      includeDescendants: $below, label: $label, campaignId: $campaign, stream: $stream, channel: $channel,
      comparedToPrevious: $previous, first: $first, after: $after) {{
    asOf currency
    pageInfo {{ hasNextPage hasPreviousPage endCursor }}
    nodes {{
      startsOn startsAt account {{ id }} label campaignId stream channel apiKeyId
      numbers {{ {_NUMBERS} }} previous {{ sent }}
    }}
  }}
}}
"""
MAY = datetime.datetime(2026, 5, 5, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
YEAR = {"since": "2026-01-01", "until": "2027-01-01"}
SENT, OPEN, CLICK = StatisticKind.SENT, StatisticKind.OPEN, StatisticKind.CLICK


async def ask(api: Api, caller: Caller, account: Account, **asked: Any) -> Answer:
    return await api.ask(_QUERY, caller, **{"id": account.id, **YEAR, **asked})


async def read(api: Api, caller: Caller, account: Account, **asked: Any) -> list[dict[str, Any]]:
    """The rows."""
    answer = await ask(api, caller, account, **asked)
    assert answer.codes == []
    rows: list[dict[str, Any]] = answer.data["statistics"]["nodes"]
    return rows


def sent_by(rows: Sequence[dict[str, Any]], *keys: str) -> dict[Any, int]:
    """What was sent by the values of these keys."""
    found = {}
    for row in rows:
        values = tuple(row[key]["id"] if key == "account" else row[key] for key in keys)
        found[values[0] if len(values) == 1 else values] = row["numbers"]["sent"]
    assert len(found) == len(rows)
    return found


async def count_and_add_up(sessions: WriteSessions, account: Account, *given: Counted) -> None:
    await count_there(sessions, account, *given)
    await roll_up(sessions, account)
