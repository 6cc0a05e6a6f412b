"""Servers that are processes of their own: what one writes the other tells, and the place of one that is
killed is taken by another."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from tests.areas.live.serving import Served, signed_in
from tests.areas.live.test_events import EVENTS, change, page
from tests.by_day import by_night_alone
from tests.client.api import Api
from tests.server.start.processes import Running, running
from tests.world.world import Account, Member, World

CHANGES = 12
"""Of which the first server that tells of them sees the beginning."""


@asynccontextmanager
async def _serve(folder: Path, addresses: DatabaseAddresses) -> AsyncIterator[tuple[Running, Served]]:
    folder.mkdir()  # noqa: ASYNC240 - it takes no time
    with running(folder, "serve", PORT="0", DATABASE_URL=addresses.application) as server:
        found = re.search(r"http://([\d.]+:\d+)", await asyncio.to_thread(server.wait_for, "/graphql"))
        assert found is not None
        yield server, Served(found[1])


@by_night_alone
async def test_a_server_is_killed_and_another_goes_on(
    world: World, addresses: DatabaseAddresses, tmp_path: Path
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    found: list[str] = []
    async with (
        _serve(tmp_path / "one", addresses) as (killed, first),
        _serve(tmp_path / "two", addresses) as (other, second),
        httpx.AsyncClient(base_url=f"http://{second.address}", timeout=60) as http,
    ):
        async with signed_in(first, owner) as socket:
            await socket.subscribe("1", EVENTS, id=account.id)
            assert await socket.silent(1)
            writing = asyncio.create_task(_write(Api(http), owner, account))
            cursor = None
            while len(found) < CHANGES // 3:
                told = await socket.next_of("1")
                found += [each["id"] for each in page(told)]
                cursor = told["data"]["events"]["pageInfo"]["endCursor"]
            killed.process.kill()
            assert await socket.closed() is None
        async with signed_in(second, owner) as socket:
            await socket.subscribe("1", EVENTS, id=account.id, after=cursor)
            while len(found) < CHANGES:
                found += [each["id"] for each in page(await socket.next_of("1"))]
            await writing
            assert await socket.silent(2)
        assert len(set(found)) == CHANGES
        async with signed_in(second, owner) as socket:
            other.process.terminate()
            assert await socket.closed() == 1001
        assert await asyncio.to_thread(other.terminate) == 0


async def _write(api: Api, owner: Member, account: Account) -> None:
    for number in range(CHANGES):
        await change(api, owner, account, f"number {number}")
        await asyncio.sleep(0.2)
