"""The rows of the area `statistics` in the tables that have one for each mutation, table or id."""

from typing import Any

from sqlalchemy import func, insert

from models.base.ids import new_id
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.tables import (
    NO_ID,
    NO_LABEL,
    NUMBERS,
    NUMBERS_OF_RECIPIENTS,
    StatisticKind,
    StatisticPeriod,
    recipient_statistics,
    statistic_deltas,
    statistics,
    statistics_due,
    subtree_statistics,
)
from tests.storage.growth import Bound, Growth, deleted, kept
from tests.storage.tree import Tree
from tests.world.world import World

BOUNDS = {
    "statistic_deltas": Bound(Growth.SWEPT, "within a minute, by the job that adds them up"),
    "statistics": deleted("hours; days and months are kept: one for each day, sender and label"),
    "subtree_statistics": deleted("hours; days and months are kept, as of `statistics`"),
    "recipient_statistics": kept("to whom, by day; each day has a bounded number of domains"),
    "statistics_due": Bound(Growth.SWEPT, "once its tree is added up"),
}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    place: dict[str, Any] = {"master_id": tree.master.master, "account_id": tree.master.key}
    sent: dict[str, Any] = {"channel": MessageChannel.EMAIL.value, "stream": SendStream.MARKETING.value}
    delta = place | sent | {"id": new_id(), "kind": StatisticKind.SENT.value, "happened_at": func.now()}
    delta |= {"number": 1, "sends": 1, "amount": 0, "is_first": True}
    key = {"period": StatisticPeriod.DAY.value, "starts_at": func.date_trunc("day", func.now())}
    sums = place | sent | key | dict.fromkeys(NUMBERS, 0)
    sums |= {"api_key_id": NO_ID, "campaign_id": NO_ID, "label": NO_LABEL, "sent": 1}
    recipients = place | dict.fromkeys(NUMBERS_OF_RECIPIENTS, 0) | {"recipients": "example.com", "sent": 1}
    recipients |= {"channel": sent["channel"], "starts_at": key["starts_at"]}
    async with world.database.begin() as connection:
        await connection.execute(insert(statistic_deltas).values(**delta))
        await connection.execute(insert(statistics).values(**sums))
        await connection.execute(insert(subtree_statistics).values(**sums))
        await connection.execute(insert(recipient_statistics).values(**recipients))
        await connection.execute(insert(statistics_due).values(master_id=tree.master.master))
