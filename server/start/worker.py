"""`mandant worker`: the work that no request does. Any number of workers may run.

A worker does the jobs that requests queue. Every minute one of the workers queues a job for all that is due
and has none, so that nothing depends on one row of the queue. It also notifies people of access that is about
to end or has ended (N9), and deletes what was kept long enough. Beside that, each worker delivers events to
webhooks.
"""

import asyncio
import datetime
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial

import pgqueuer.models
import structlog
from pgqueuer import PgQueuer, Queries
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.effects.jobs import Job, job_kinds
from resolvers.effects.jobs import enqueue_due
from schema.fields.deployment import Deployment
from server.database.connections import connect_as_application
from server.database.current import current_database
from server.failures.errors import kind_of
from server.fairness.side_threads import SWITCH_SECONDS
from server.graphql.preparation import beside
from server.jobs.dispatch import WORK, do, kinds_done_by
from server.jobs.months import keep_months
from server.jobs.queue import QUEUE, JobExecutor, open_queue
from server.jobs.work import DATABASE_AWAY, MinuteTask, attempt
from server.start.garbage import keep_looking, look_seldom
from server.webhooks.courier import Courier

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_AT_ONCE = 8
"""Jobs of one worker, each with a connection while it needs one."""
_TAKEN_AT_ONCE = 4
_MOST_ENQUEUED = 10_000
"""In one look, so that it ends in time; the rest is for the next one."""
_NEVER = datetime.timedelta(0)
_LONGEST_WAIT = datetime.timedelta(seconds=5)
"""For a notice of new jobs; and until it is noticed that the connection that it would come over is lost."""
_PAUSE = 2.0
"""Seconds until a database that went away is tried again."""


async def look(database: AsyncEngine, deployment: Deployment) -> None:
    """Queue a job for all that is due and has none, such as after a clock was moved."""
    sessions = WriteSessions(database)
    async with sessions.begin() as session:
        await enqueue_due(session, _MOST_ENQUEUED, kinds_done_by(deployment))


def _every_minute(deployment: Deployment) -> dict[str, MinuteTask]:
    """The tasks of every minute, by their names in the queue's schedule. One worker does each of them; a
    worker that starts does all."""
    tasks: dict[str, MinuteTask] = {
        "look": partial(look, deployment=deployment),
        "months": partial(keep_months, kept=deployment.months_kept),
    }
    for work_ in WORK:
        tasks |= work_.every_minute
    return tasks


async def work(database_url: str, deployment: Deployment, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then finish the jobs at hand. Raises CommandFailed if migrations are due."""
    async with current_database(database_url):
        pass
    database = connect_as_application(database_url, pool_size=_AT_ONCE)
    _log.info("worker started", jobs_at_once=_AT_ONCE)
    try:
        async with Courier(database_url, deployment, stop).at_work():
            await _keep_working(database_url, database, deployment, stop)
    finally:
        await deployment.close()
        await database.dispose()
        _log.info("worker ended")


async def _keep_working(
    database_url: str, database: AsyncEngine, deployment: Deployment, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        try:
            await _work_on_queue(database_url, database, deployment, stop)
        except DATABASE_AWAY as error:
            _log.warning("the queue is out of reach", **kind_of(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE)


async def _work_on_queue(
    database_url: str, database: AsyncEngine, deployment: Deployment, stop: asyncio.Event
) -> None:
    steps = _every_minute(deployment)
    async with open_queue(database_url) as queue:
        worker = _worker(queue, database, deployment, steps)
        # The first of them at once: PGQueuer waits for the next full minute.
        first_steps = asyncio.gather(*[attempt(name, step, database) for name, step in steps.items()])
        # Of its own: PGQueuer sets its event also where it ends with an error.
        stopping = asyncio.create_task(_pass_on(stop, worker.shutdown))
        try:
            await worker.run(
                dequeue_timeout=_LONGEST_WAIT,
                batch_size=_TAKEN_AT_ONCE,
                max_concurrent_tasks=_AT_ONCE,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=_NEVER,
            )
        finally:
            stopping.cancel()
            await first_steps


def _worker(
    queue: Queries, database: AsyncEngine, deployment: Deployment, steps: Mapping[str, MinuteTask]
) -> PgQueuer:
    worker = PgQueuer(queue.driver, QUEUE.channel, queries=queue)
    sessions = WriteSessions(database)

    async def handle(job: pgqueuer.models.Job) -> None:
        await do(sessions, deployment, Job.read(job.entrypoint, job.payload))

    for kind in job_kinds():
        factory = partial(JobExecutor, queue=queue)
        worker.entrypoint(kind, on_failure="hold", executor_factory=factory)(handle)
    for name, step in steps.items():
        worker.schedule(name, "* * * * *")(_scheduled(name, step, database))
    return worker


def _scheduled(
    name: str, step: MinuteTask, database: AsyncEngine
) -> Callable[[pgqueuer.models.Schedule], Awaitable[None]]:
    async def take(_: pgqueuer.models.Schedule) -> None:
        await attempt(name, step, database)

    return take


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()


async def work_until_signalled(database_url: str, deployment: Deployment) -> None:
    """Work until SIGTERM or SIGINT, in the main thread."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for asked_to_end in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(asked_to_end, stop.set)
    sys.setswitchinterval(SWITCH_SECONDS)
    look_seldom()
    async with beside(keep_looking()):
        await work(database_url, deployment, stop)


@contextmanager
def at_work(database_url: str, deployment: Deployment) -> Iterator[None]:
    """Work in a thread of its own for as long as the block runs."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(work(database_url, deployment, stop))
        loop.close()

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(stop.set)
        thread.join()
