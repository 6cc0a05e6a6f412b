"""PostgreSQL ends under load, in each way in which it can, and comes back."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from tests.authz.escalation.profiles import BY_NIGHT
from tests.faults.books import Books
from tests.faults.load import Load
from tests.faults.rounds import survive
from tests.faults.site import Site, serving

_CLIENTS = 16 if BY_NIGHT else 6
_ROUNDS = 5 if BY_NIGHT else 1
_AWAY_SECONDS = 5.0 if BY_NIGHT else 1.0
_POOL = {"MANDANT_POOL_SIZE": "5"}

Fault = Callable[[Site, Load], Awaitable[None]]
"""Returns when it has ended."""


async def _stopped(site: Site, load: Load) -> None:
    """As an operator stops it, for some time."""
    await site.end_postgres(signal.SIGINT)
    await load.ready_says("UNAVAILABLE")
    await asyncio.sleep(_AWAY_SECONDS)
    await site.start_postgres()


async def _restarted(site: Site, load: Load) -> None:
    await site.end_postgres(signal.SIGINT)
    await site.start_postgres()


async def _stopped_at_once(site: Site, load: Load) -> None:
    """Without a checkpoint: it has to recover."""
    await site.end_postgres(signal.SIGQUIT)
    await site.start_postgres()


async def _killed(site: Site, load: Load) -> None:
    """All of its processes, as where memory or power is lost."""
    for pid in site.backends():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await site.end_postgres(signal.SIGKILL)
    await site.start_postgres()


async def _orphaned(site: Site, load: Load) -> None:
    """The first process is killed; the others notice, and end by themselves."""
    await site.end_postgres(signal.SIGKILL)
    await site.start_postgres()


async def _backend_killed(site: Site, load: Load) -> None:
    """One of its processes: PostgreSQL ends all others, and recovers by itself."""
    await site.kill_backend(random.choice(site.backends()))


_FAULTS: list[Fault] = [_stopped, _restarted, _stopped_at_once, _killed, _orphaned, _backend_killed]


async def test_nothing_acknowledged_is_lost_and_all_is_back(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    """One fault after the other. A request is done, or it is told why not: none is left without an answer."""
    books = await Books.open(site.world, _CLIENTS)
    async with serving(site.folder, DATABASE_URL=site.addresses.application, **_POOL) as (server, url):
        faults = [(fault.__name__, partial(fault, site)) for fault in _FAULTS * _ROUNDS]
        await survive(site, books, server, url, faults, record_property)
