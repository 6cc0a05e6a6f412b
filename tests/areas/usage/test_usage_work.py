"""What PostgreSQL does for the usage of a subtree: it counts once, not once for each account."""

from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import asyncpg
import orjson
import pytest

from engine.database.read_connection import ReadConnection
from tests.world.api import Api
from tests.world.brand import Brand
from tests.world.usage import give_sends, usage_of
from tests.world.world import World

ACCOUNTS = 30

_row = ReadConnection.row


@pytest.fixture
def plans() -> Iterator[list[dict[str, Any]]]:
    """How the statements of compiled reads were executed."""
    found: list[dict[str, Any]] = []

    async def explained_row(
        connection: ReadConnection, sql: str, values: Sequence[Any], *, keep: bool
    ) -> asyncpg.Record | None:
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
        found.append(orjson.loads(explained)[0]["Plan"])
        return await _row(connection, sql, values, keep=keep)

    with patch.object(ReadConnection, "row", explained_row):
        yield found


def _times_looked_at(plan: dict[str, Any], table: str) -> int:
    own = int(plan["Actual Loops"]) if plan.get("Relation Name") == table else 0
    return own + sum(_times_looked_at(part, table) for part in plan.get("Plans", ()))


async def test_a_subtree_is_counted_once(
    api: Api, planned: Brand, world: World, plans: list[dict[str, Any]]
) -> None:
    for sends in range(1, ACCOUNTS + 1):
        await give_sends(world, await world.account(planned.us), sends)
    shown = "sent accounts(first: 100) { totalCount nodes { sends } }"
    usage = await usage_of(api, planned.owner, planned.master, shown)
    assert usage["sent"] == sum(range(1, ACCOUNTS + 1))
    assert [node["sends"] for node in usage["accounts"]["nodes"]] == list(range(ACCOUNTS, 0, -1))
    (plan,) = plans
    assert 1 <= _times_looked_at(plan, "send_counts") < ACCOUNTS
    # Each account may have a cycle of its own: looked for twice by the sum, the list and its total each.
    assert 1 <= _times_looked_at(plan, "send_cycles") < 10 * ACCOUNTS
