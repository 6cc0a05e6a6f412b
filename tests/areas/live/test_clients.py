"""The npm packages graphql-ws and graphql-sse, as front ends use them."""

import asyncio
import json
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.areas.live.serving import PATIENCE, Served, without_cost
from tests.areas.live.test_events import EVENTS, change
from tests.client.api import Api, Caller
from tests.client_libraries.programs import FOLDER, needs_npm
from tests.world.contacts import give_import
from tests.world.world import World

pytestmark = needs_npm

SCRIPT = FOLDER / "subscriptions.mjs"
USAGE = "subscription ($id: ID!) { usage(accountId: $id) { sent } }"
JOB = "subscription ($id: ID!) { job(id: $id) { status } }"


class Running:
    """A client as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self) -> Any:
        """What its sink gets next."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        return without_cost(json.loads(line))

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()


async def _run(
    served: Served, protocol: str, caller: Caller | str, query: str, count: int, **variables: Any
) -> Running:
    url = served.socket_url if protocol == "ws" else served.url
    token = caller if isinstance(caller, str) else caller.token
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        *(protocol, url, token, query, json.dumps(variables), str(count)),
        stdout=asyncio.subprocess.PIPE,
    )
    return Running(process)


@pytest.mark.parametrize("protocol", ["ws", "sse"])
async def test_events(served: Served, api: Api, world: World, protocol: str) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    await change(api, owner, account, "first")
    log = await api.read(
        "query ($id: ID!) { account(id: $id) { events { pageInfo { startCursor } } } }", owner, id=account.id
    )
    cursor = log["account"]["events"]["pageInfo"]["startCursor"]
    client = await _run(served, protocol, owner, EVENTS, 2, id=account.id, after=cursor)
    for value in ("second", "third"):
        await change(api, owner, account, value)
        told = await client.told()
        (event,) = told["next"]["data"]["events"]["nodes"]
        assert event["type"] == "ACCOUNT_UPDATED"
    assert await client.told() == {"complete": True}
    assert await client.ended() == 0


@pytest.mark.parametrize("protocol", ["ws", "sse"])
async def test_a_job_that_is_over(served: Served, world: World, protocol: str) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    job = present(Kind.CONTACT_JOB, await give_import(world, account))
    client = await _run(served, protocol, owner, JOB, 1, id=job)
    assert await client.told() == {"next": {"data": {"job": {"status": "WAITING"}}}}
    assert await client.told() == {"complete": True}


@pytest.mark.parametrize("protocol", ["ws", "sse"])
async def test_who_is_nobody(served: Served, world: World, protocol: str) -> None:
    account = await world.account()
    client = await _run(served, protocol, "nobody", USAGE, 1, id=account.id)
    told = (await client.told())["error"]
    assert told["code"] == 4401 if protocol == "ws" else "401" in told["text"]


async def test_what_may_not_be_seen(served: Served, world: World) -> None:
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    foreign = await world.account()
    client = await _run(served, "ws", owner, USAGE, 1, id=foreign.id)
    (error,) = (await client.told())["error"]["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("NOT_FOUND", ["usage"])
