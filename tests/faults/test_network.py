"""The network to PostgreSQL fails under load, in each way in which it can."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from tests.authz.escalation.profiles import BY_NIGHT
from tests.faults.books import Books
from tests.faults.load import Load
from tests.faults.proxy import Flow, Proxy, proxied
from tests.faults.rounds import survive
from tests.faults.site import Site, serving

_CLIENTS = 16 if BY_NIGHT else 6
_ROUNDS = 5 if BY_NIGHT else 1
_CUTS = 20 if BY_NIGHT else 3
_AWAY_SECONDS = 15.0 if BY_NIGHT else 1.0

Fault = Callable[[Proxy, Load], Awaitable[None]]
"""Returns when it has ended."""


async def _cut(proxy: Proxy, load: Load) -> None:
    """All connections, again and again."""
    for _ in range(_CUTS):
        proxy.cut()
        await asyncio.sleep(0.2)


async def _reset(proxy: Proxy, load: Load) -> None:
    for _ in range(_CUTS):
        proxy.reset()
        await asyncio.sleep(0.2)


async def _refused(proxy: Proxy, load: Load) -> None:
    await proxy.let(Flow.REFUSED)
    await load.ready_says("UNAVAILABLE")
    await asyncio.sleep(_AWAY_SECONDS)
    await proxy.let(Flow.ALL)


async def _stalled(proxy: Proxy, load: Load) -> None:
    """Nothing arrives; then all that was held does."""
    await proxy.let(Flow.NOTHING)
    await load.ready_says("UNAVAILABLE")
    await asyncio.sleep(_AWAY_SECONDS)
    await proxy.let(Flow.ALL)


async def _answers_lost(proxy: Proxy, load: Load) -> None:
    """What PostgreSQL has committed nobody hears of; then the connections break."""
    await proxy.let(Flow.QUESTIONS_ONLY)
    await asyncio.sleep(_AWAY_SECONDS)
    proxy.reset()
    await proxy.let(Flow.ALL)


_FAULTS: list[Fault] = [_cut, _reset, _refused, _stalled, _answers_lost]


async def test_nothing_acknowledged_is_lost_and_all_is_back(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    """One fault after the other. A request is done, or it is told why not: none is left without an answer."""
    books = await Books.open(site.world, _CLIENTS)
    async with (
        proxied(site.addresses.application) as (proxy, through),
        serving(site.folder, DATABASE_URL=through, MANDANT_POOL_SIZE="5") as (server, url),
    ):
        faults = [(fault.__name__, partial(fault, proxy)) for fault in _FAULTS * _ROUNDS]
        await survive(site, books, server, url, faults, record_property)
