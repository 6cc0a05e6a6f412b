"""Large data: trees of accounts, written by COPY."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from authz.policy.builtin_roles import BuiltinRole
from server.demo.tree_loading import load_trees
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.by_day import by_night_alone
from tests.server.demo.demo_database import DemoDatabase, open_demo_database

pytestmark = by_night_alone

TREES = 25
"""More than one batch."""
SHIPPED = {"roles", "role_policy_lines", "plans", "text_forms", "webhook_routing"}

WRONG_CLOSURE = """
WITH RECURSIVE path AS (
  SELECT master_id, id AS ancestor_id, id AS descendant_id, 0 AS depth FROM accounts
  UNION ALL
  SELECT p.master_id, p.ancestor_id, a.id, p.depth + 1
  FROM path p JOIN accounts a ON a.parent_id = p.descendant_id
)
, stored AS (SELECT master_id, ancestor_id, descendant_id, depth FROM account_closure)
(TABLE path EXCEPT TABLE stored) UNION ALL (TABLE stored EXCEPT TABLE path)
"""


@pytest.fixture
async def blank(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[DemoDatabase]:
    """A database without accounts."""
    async with open_demo_database(addresses, settings) as database:
        yield database


async def test_trees_are_whole(blank: DemoDatabase) -> None:
    loaded = await load_trees(blank.owner_url, TREES)
    counts = await blank.counts()
    filled = {
        table: count / TREES
        for table, count in counts.items()
        if count and table not in SHIPPED and not table.endswith("_history")
    }
    assert filled == {
        "accounts": 21,
        "events": 21,
        "account_closure": 21 + 12 + 5 * 2 + 3 * 3,
        "memberships": 21 * 8,
        "users": 40,
        "ownerships": 1,
        "api_keys": 21,
    }
    depths = "SELECT depth, count(*) FROM account_closure WHERE ancestor_id = master_id GROUP BY 1 ORDER BY 1"
    assert await blank.rows(depths) == [(0, TREES), (1, 12 * TREES), (2, 5 * TREES), (3, 3 * TREES)]
    assert await blank.rows(WRONG_CLOSURE) == []
    crowds = "SELECT DISTINCT count(*) FROM memberships GROUP BY account_id"
    assert await blank.rows(crowds) == [(8,)]
    keys = "SELECT count(DISTINCT account_id) FROM api_keys"
    assert await blank.rows(keys) == [(21 * TREES,)]
    owners = (
        "SELECT count(*) FROM ownerships JOIN memberships USING (master_id, account_id, user_id) "
        f"WHERE account_id = master_id AND role_id = '{BuiltinRole.OWNER.id}'"
    )
    assert await blank.rows(owners) == [(TREES,)]
    # The people can sign in, and reach down.
    owner = await blank.sign_in(loaded.owner_email)
    answer = await blank.api.read("{ viewer { accounts { totalCount } } }", owner)
    assert answer["viewer"]["accounts"]["totalCount"] == 21


async def test_trees_are_added_to_what_is_there(blank: DemoDatabase) -> None:
    await load_trees(blank.owner_url, 1)
    loaded = await load_trees(blank.owner_url, 100)
    assert (await blank.counts())["accounts"] == 101 * 21
    assert loaded.summary().startswith("2,100 accounts in 100 trees: ")


_PEAK = """
import asyncio, sys, tracemalloc
from server.demo.tree_loading import load_trees
tracemalloc.start()
asyncio.run(load_trees(sys.argv[1], int(sys.argv[2])))
print(tracemalloc.get_traced_memory()[1])
"""
"""The most bytes that were allocated while so many trees were made, by a process of its own."""


async def test_memory_does_not_grow_with_the_trees(blank: DemoDatabase) -> None:
    of_80, of_20 = [await _peak(blank, trees) for trees in (80, 20)]
    assert of_80 < 1.3 * of_20


async def _peak(blank: DemoDatabase, trees: int) -> int:
    arguments = (sys.executable, "-c", _PEAK, blank.owner_url, str(trees))
    process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    assert process.returncode == 0
    return int(told)
