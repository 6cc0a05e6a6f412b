"""A worker outlives its database, and another one takes its place. Jobs in the middle of their work: see
`tests.jobs.test_killed_workers`."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

from tests.authz.escalation.profiles import BY_NIGHT
from tests.faults.site import Site
from tests.jobs.workers import works
from tests.server.start.processes import PATIENCE, running

_ROUNDS = 5 if BY_NIGHT else 1
_AWAY_SECONDS = 10.0 if BY_NIGHT else 0.5


async def _restarted(site: Site) -> None:
    await site.end_postgres(signal.SIGINT)
    await asyncio.sleep(_AWAY_SECONDS)
    await site.start_postgres()


async def _killed(site: Site) -> None:
    await site.end_postgres(signal.SIGKILL)
    await asyncio.sleep(_AWAY_SECONDS)
    await site.start_postgres()


async def _backends_killed(site: Site) -> None:
    """PostgreSQL ends all connections, and recovers by itself."""
    os.kill(site.backends()[-1], signal.SIGKILL)


_FAULTS: list[Callable[[Site], Awaitable[None]]] = [_restarted, _killed, _backends_killed]


async def test_jobs_are_done_after_each_fault(site: Site) -> None:
    """By the same worker, which ends when it is asked to; and by the next one where it was killed."""
    settings = {"DATABASE_URL": site.addresses.application}
    with running(site.folder, "worker", **settings) as worker:
        await works(site.world)
        for fault in _FAULTS * _ROUNDS:
            await fault(site)
            await site.answers()
            await works(site.world)
        assert await asyncio.to_thread(worker.terminate) == 0
        assert "Traceback" not in worker.errors
    for _ in range(_ROUNDS):
        with running(site.folder, "worker", **settings) as worker:
            await works(site.world)
            worker.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(worker.process.wait, PATIENCE)
    with running(site.folder, "worker", **settings) as worker:
        await works(site.world)
        assert await asyncio.to_thread(worker.terminate) == 0
