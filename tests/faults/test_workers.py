"""A worker outlives its database, and another one takes its place. Jobs in the middle of their work: see
`tests.jobs.test_killed_workers`."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from sqlalchemy import func, update

from models.webhooks.tables import webhook_deliveries
from tests.areas.webhooks.giving import Webhook, give_delivery, give_webhook
from tests.areas.webhooks.receiver import Receiver, receiving_plainly
from tests.areas.webhooks.test_workers import WORKER_SETTINGS
from tests.authz.escalation.profiles import BY_NIGHT
from tests.by_day import by_night_alone
from tests.faults.site import Site
from tests.jobs.workers import answers_yes, works
from tests.server.start.processes import PATIENCE, running
from tests.waiting import until

_GIVEN_BACK = """SELECT NOT exists(SELECT FROM webhook_deliveries WHERE status = 'PENDING')
AND NOT exists(SELECT FROM webhooks WHERE lease IS NOT NULL)"""
"""No worker is in the middle of a webhook: by a fault it would be left for a minute."""
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
    await site.kill_backend(site.backends()[-1])


_FAULTS: list[Callable[[Site], Awaitable[None]]] = [_restarted, _killed, _backends_killed]


async def _delivers(site: Site, webhook: Webhook, receiver: Receiver) -> None:
    """Wait until the worker delivers what is due."""
    before = len(receiver.taken)
    await give_delivery(site.world, webhook)
    waiting = webhook_deliveries.c.next_try_at.is_not(None)
    async with site.database.begin() as connection:
        await connection.execute(update(webhook_deliveries).where(waiting).values(next_try_at=func.now()))
    await until(answers_yes(site.world, _GIVEN_BACK))
    assert len(receiver.taken) > before


@by_night_alone
async def test_jobs_are_done_after_each_fault(site: Site) -> None:
    """And webhooks are told: by the same worker, which ends when it is asked to. Jobs are done by the next
    one where it was killed."""
    settings = WORKER_SETTINGS | {"DATABASE_URL": site.addresses.application}
    async with receiving_plainly() as receiver:
        with running(site.folder, "worker", **settings) as worker:
            webhook = await give_webhook(
                site.world, await site.world.account(), receiver.url("/in", "127.0.0.1")
            )
            await works(site.world)
            for fault in _FAULTS * _ROUNDS:
                await fault(site)
                await site.answers()
                await works(site.world)
                await _delivers(site, webhook, receiver)
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
