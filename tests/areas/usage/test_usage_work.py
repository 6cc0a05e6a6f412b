"""What PostgreSQL does for the usage of a subtree: it counts once, not once for each account."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import asyncpg
import pytest

from engine.database.read_connection import ReadConnection
from tests.client.api import Api
from tests.world.brand import Brand
from tests.world.usage import give_sends, usage_of
from tests.world.world import World

ACCOUNTS = 30

_row = ReadConnection.row


_LOOKS = "SELECT relname, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables"


@pytest.fixture
def looks() -> Iterator[list[Counter[str]]]:
    """How often each statement of compiled reads looked into each table, also inside stored functions."""
    found: list[Counter[str]] = []

    async def watched_row(
        connection: ReadConnection, sql: str, values: Sequence[Any], *, keep: bool
    ) -> asyncpg.Record | None:
        async with connection.transaction():
            row = await _row(connection, sql, values, keep=keep)
            found.append(Counter(dict(await connection.fetch(_LOOKS))))
        return row

    with patch.object(ReadConnection, "row", watched_row):
        yield found


async def test_a_subtree_is_counted_once(
    api: Api, planned: Brand, world: World, looks: list[Counter[str]]
) -> None:
    for sends in range(1, ACCOUNTS + 1):
        await give_sends(world, await world.account(planned.us), sends)
    shown = "sent accounts(first: 100) { totalCount nodes { sends } }"
    usage = await usage_of(api, planned.owner, planned.master, shown)
    assert usage["sent"] == sum(range(1, ACCOUNTS + 1))
    assert [node["sends"] for node in usage["accounts"]["nodes"]] == list(range(ACCOUNTS, 0, -1))
    (look,) = looks
    # Three as a rule. By some plans each account is looked for once in one of them.
    assert 1 <= look["send_counts"] < 2 * ACCOUNTS
    # Each account may have a cycle of its own: looked for twice by the sum, the list and its total each, and
    # once more by some plans. Counted for each account anew, it would be looked for 30 times.
    assert 1 <= look["send_cycles"] < 15 * ACCOUNTS
