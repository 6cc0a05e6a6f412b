"""Requests that spend a caller's budget, and what their answers tell of it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette

from tests.client.api import Api
from tests.client.api import Caller as Asking
from tests.client.places import new_place
from tests.server.start.processes import PATIENCE

_LEFT = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


async def post(api: Api, query: str, caller: Asking | None = None) -> httpx.Response:
    headers = {} if caller is None else {"authorization": f"Bearer {caller.token}"}
    return await api.http.post("/graphql", json={"query": query}, headers=headers)


async def until_known(api: Api, caller: Asking) -> None:
    """The first requests of a token count for their place."""
    deadline = time.monotonic() + PATIENCE
    while '"place"' in (await post(api, "{ __typename }", caller)).headers["ratelimit"]:
        assert time.monotonic() < deadline
    await asyncio.sleep(0.1)  # until its person was looked up, it counts for itself
    while any(_looks_up(task) for task in asyncio.all_tasks()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def _looks_up(task: asyncio.Task[object]) -> bool:
    """Of an application in this process."""
    return getattr(task.get_coro(), "__name__", "") == "_look_up"


@asynccontextmanager
async def known_to(app: Starlette, caller: Asking) -> AsyncIterator[Api]:
    async with Api.of(app, new_place()) as api:
        await until_known(api, caller)
        yield api


def told_cost(response: httpx.Response) -> dict[str, int]:
    """What the answer tells, which its headers tell as well."""
    cost: dict[str, int] = response.json()["extensions"]["cost"]
    assert cost.keys() == {"requested", "limit", "remaining", "restoreRate"}
    assert told_left(response, cost["limit"], cost["restoreRate"]) == cost["remaining"]
    return cost


def told_left(response: httpx.Response, limit: int, rate: int) -> int:
    """What the header fields say is left of such a budget, each of them once."""
    found = _LEFT.fullmatch(response.headers["ratelimit"])
    assert found is not None
    whose, remaining, seconds = found.group(1), int(found.group(2)), int(found.group(3))
    policy = f'"{whose}";q={limit};qu="fields";w={limit // rate}'
    assert response.headers["ratelimit-policy"] == policy
    assert 0 <= seconds * rate - (limit - remaining) < rate
    return remaining
