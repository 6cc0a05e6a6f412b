"""A server with many open streams is asked to end, or is killed."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.live.serving import Served, Socket, signed_in
from tests.areas.live.test_event_streams import USAGE, stream, told
from tests.authz.escalation.profiles import BY_NIGHT
from tests.by_day import by_night_alone
from tests.faults.limits import GRACE_SECONDS
from tests.faults.site import Site, serving
from tests.server.start.processes import PATIENCE
from tests.world.world import Account, Member

_CALLERS = 15 if BY_NIGHT else 2
_SOCKETS_OF_EACH = 4
_OPERATIONS_OF_EACH = 5
_EVENT_STREAMS_OF_EACH = 2


@pytest.mark.parametrize("processes", ["1", pytest.param("2", marks=by_night_alone)])
async def test_streams_end_with_their_code(site: Site, processes: str) -> None:
    """Sockets with 1001, event streams with their last event: clients know that they may come again."""
    database = site.addresses.application
    async with (
        serving(site.folder, "--workers", processes, DATABASE_URL=database) as (server, url),
        AsyncExitStack() as open_,
    ):
        sockets, responses = await _streams(site, url, open_)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.gather(*[socket.closed() for socket in sockets]) == [1001] * len(sockets)
        ends = await asyncio.gather(*[_last(response) for response in responses])
        assert ends == ["complete"] * len(responses)
        assert await asyncio.to_thread(server.process.wait, PATIENCE) == 0
        assert time.monotonic() - began < GRACE_SECONDS
    assert "Traceback" not in server.errors


async def test_streams_of_a_killed_server_break(site: Site) -> None:
    """No client takes a broken stream for one that has ended."""
    async with (
        serving(site.folder, DATABASE_URL=site.addresses.application) as (server, url),
        AsyncExitStack() as open_,
    ):
        sockets, responses = await _streams(site, url, open_)
        server.process.send_signal(signal.SIGKILL)
        assert await asyncio.gather(*[socket.closed() for socket in sockets]) == [None] * len(sockets)
        for response in responses:
            with pytest.raises(httpx.TransportError):
                await _last(response)


async def _streams(site: Site, url: str, open_: AsyncExitStack) -> tuple[list[Socket], list[httpx.Response]]:
    """Streams that have been told something; some of the sockets have asked for nothing."""
    served = Served(url.removeprefix("http://"))
    http = await open_.enter_async_context(httpx.AsyncClient(base_url=url, timeout=PATIENCE))
    account = await site.world.account()
    sockets: list[Socket] = []
    responses: list[httpx.Response] = []
    for _ in range(_CALLERS):
        member = await site.world.member(account, BuiltinRole.OWNER)
        for number in range(_SOCKETS_OF_EACH):
            socket = await open_.enter_async_context(signed_in(served, member))
            if number:
                await _subscribe(socket, account)
            sockets.append(socket)
        responses += [await _opened(http, member, account, open_) for _ in range(_EVENT_STREAMS_OF_EACH)]
    return sockets, responses


async def _subscribe(socket: Socket, account: Account) -> None:
    for number in range(_OPERATIONS_OF_EACH):
        await socket.subscribe(str(number), USAGE, id=account.id)
        await socket.next_of(str(number))


async def _opened(
    http: httpx.AsyncClient, member: Member, account: Account, open_: AsyncExitStack
) -> httpx.Response:
    response = await open_.enter_async_context(stream(http, member, USAGE, id=account.id))
    assert response.status_code == 200
    return response


async def _last(response: httpx.Response) -> str:
    """The type of its last event."""
    return [type_ async for type_, _ in told(response)][-1]
