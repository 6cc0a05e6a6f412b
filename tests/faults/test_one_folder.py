"""Two servers in one folder, such as `make run` twice: they share the database."""

import asyncio
import os
import re
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from server.embedded_postgres.postmaster import find_postmaster
from tests.by_day import by_night_alone
from tests.faults.site import copy_database, serving
from tests.server.start.processes import PATIENCE, Running
from tests.waiting import until

_SIGN_IN = 'mutation { signIn(input: {email: "a@example.com", password: "x"}) { userErrors { code } } }'


def _is_ready(url: str) -> bool:
    return httpx.get(f"{url}/readyz", timeout=PATIENCE).status_code == 200


def _writes(url: str) -> bool:
    answer = httpx.post(f"{url}/graphql", json={"query": _SIGN_IN}, timeout=PATIENCE)
    return bool(answer.json().get("data") == {"signIn": {"userErrors": [{"code": "SIGN_IN_REFUSED"}]}})


def _secrets(server: Running) -> set[str]:
    return set(re.findall(r"\bmd(?:t_live|s)_\w+", server.output))


@pytest.mark.parametrize("arguments", [(), pytest.param(("--demo",), marks=by_night_alone)])
async def test_two_that_start_at_once_share_the_database(folder: Path, arguments: tuple[str, ...]) -> None:
    """Either may end. The one that is left starts the database again if that is killed; after the last one
    nothing runs."""
    places = [folder / "first", folder / "second"]
    shared = {"MANDANT_FOLDER": str(folder / "shared")}
    async with AsyncExitStack() as stack:
        for place in places:
            place.mkdir()
        opened = [stack.enter_async_context(serving(place, *arguments, **shared)) for place in places]
        (first, first_url), (second, second_url) = await asyncio.gather(*opened)
        await until(lambda: _is_ready(first_url) and _is_ready(second_url))
        if arguments:
            await until(lambda: bool(_secrets(first)) and _secrets(first) == _secrets(second))
        assert await asyncio.to_thread(first.terminate) == 0
        assert _is_ready(second_url)
        assert _writes(second_url)
        data = (folder / "shared" / "postgres").resolve() / "data"
        left = find_postmaster(data)
        assert left is not None
        os.kill(left.pid, signal.SIGKILL)
        await until(lambda: _writes(second_url) and _is_ready(second_url))
        assert await asyncio.to_thread(second.terminate) == 0
        assert find_postmaster(data) is None
    assert "Traceback" not in first.errors + second.errors


async def test_one_that_is_killed_is_followed_by_another(folder: Path, migrated: Path) -> None:
    """With kill -9 it leaves the database running, which the next one finds."""
    copy_database(migrated, folder / ".mandant")
    data = (folder / ".mandant" / "postgres").resolve() / "data"
    async with serving(folder) as (killed, url):
        await until(lambda: _is_ready(url))
        killed.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(killed.process.wait, PATIENCE)
    assert find_postmaster(data) is not None
    async with serving(folder) as (server, url):
        await until(lambda: _is_ready(url) and _writes(url))
        assert await asyncio.to_thread(server.terminate) == 0
    assert find_postmaster(data) is None
