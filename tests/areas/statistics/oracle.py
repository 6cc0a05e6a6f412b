"""The rows of the area `statistics` in the tables that have one for each mutation, table or id."""

from typing import Any

from sqlalchemy import func, insert

from models.base.ids import new_id
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.tables import StatisticKind, statistic_deltas
from tests.storage.growth import Bound, Growth
from tests.storage.tree import Tree
from tests.world.world import World

BOUNDS = {"statistic_deltas": Bound(Growth.SWEPT, "within a minute, by the job that adds them up")}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    values: dict[str, Any] = {"master_id": tree.master.master, "account_id": tree.master.key, "id": new_id()}
    values |= {"kind": StatisticKind.SENT.value, "happened_at": func.now(), "number": 1, "amount": 0}
    values |= {"channel": MessageChannel.EMAIL.value, "stream": SendStream.MARKETING.value, "is_first": True}
    async with world.database.begin() as connection:
        await connection.execute(insert(statistic_deltas).values(**values))
