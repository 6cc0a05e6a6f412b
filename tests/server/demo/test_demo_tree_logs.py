"""The logs of large data hold, as those of accounts that people made."""

from collections.abc import AsyncIterator

import pytest

from resolvers.audit.verify import LogsRead
from server.commands.audit import check_logs
from server.demo.tree_loading import load_trees
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.database.settled_log import until_settled
from tests.server.demo.demo_database import DemoDatabase, open_demo_database

_EVENTS = """{ viewer { accounts(first: 30) { nodes { id name parent { id }
  events(first: 2) { nodes { type subjectId actorName after } } } } } }"""


@pytest.fixture
async def blank(addresses: DatabaseAddresses, settings: Settings) -> AsyncIterator[DemoDatabase]:
    """A database without accounts."""
    async with open_demo_database(addresses, settings) as database:
        yield database


async def test_each_log_begins_with_the_creation_of_its_account(blank: DemoDatabase) -> None:
    loaded = await load_trees(blank.owner_url, 2)
    await until_settled(blank.engine)
    checked = await check_logs(blank.owner_url)
    assert checked.faults == []
    assert checked.read == LogsRead(account_count=42, event_count=42)
    owner = await blank.sign_in(loaded.owner_email)
    accounts = (await blank.api.read(_EVENTS, owner))["viewer"]["accounts"]["nodes"]
    assert len(accounts) == 21
    for account in accounts:
        (event,) = account["events"]["nodes"]
        assert (event["type"], event["subjectId"]) == ("ACCOUNT_CREATED", account["id"])
        assert event["actorName"] == "Person 1-0"
        assert event["after"]["name"] == account["name"]
        parent = account["parent"]
        assert event["after"].get("parent") == (None if parent is None else parent["id"])
