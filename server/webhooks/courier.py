"""Delivers to webhooks, beside the jobs of a worker (decision 77 says why these are no jobs).

Every second it notes which webhooks new events concern, takes those that have something to be delivered, and
works on each of them in a task of its own. Those that failed last have places of their own, so that however
many are down, others never wait for them; among themselves they have short turns.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from authz.policy.refusals import TryLater
from authz.wall.webhook_door import TakenWebhook, take_webhooks
from engine.base.spans import no_spans
from engine.writes.sessions import WriteSessions
from resolvers.webhooks.routing import route_events
from schema.fields.deployment import Deployment
from schema.root import build_schema
from server.database.connecting import reachability
from server.database.connections import connect_as_application
from server.database.read_pools import ReadPools
from server.failures.errors import kind_of
from server.graphql.event_documents import EventDocuments
from server.graphql.runner import OperationRunner
from server.jobs.work import DATABASE_AWAY
from server.webhooks.deliveries import Deliverer
from server.webhooks.following import KeyReader

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_PAUSE = 1.0
"""Seconds between two looks for webhooks that have something to be delivered."""
_PLACES = 64
"""Webhooks that one worker is at work on, of those that fail and of the others each."""
_PLACES_OF_A_TREE = 32
"""The same of one tree, over all workers: more than an account has webhooks."""
_SPANS = 50
"""Of the log, routed in one look: the rest waits for the next one."""
_CONNECTIONS = 4
"""To the database, for each purpose."""


class Courier:
    """Takes webhooks and has them delivered. `deployment`: its `close` is left to the caller; `stopping`:
    once it is set, rounds that are under way are the last ones."""

    def __init__(self, database_url: str, deployment: Deployment, stopping: asyncio.Event) -> None:
        server = reachability(database_url)
        self._writes = connect_as_application(database_url, _CONNECTIONS, server)
        self._reads = ReadPools.open(database_url, _CONNECTIONS, server)
        self._runner = OperationRunner(build_schema(), self._writes, self._reads, deployment)
        documents = EventDocuments(self._runner.schema)
        self._sessions = WriteSessions(self._writes)
        reader = KeyReader(self._runner, documents)
        self._deliverer = Deliverer(self._sessions, deployment, reader, stopping)
        self._stopping = stopping
        self._at_work: dict[bool, set[asyncio.Task[None]]] = {False: set(), True: set()}

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Deliver while what is inside runs, then finish what is under way."""
        looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            self._stopping.set()
            await looking
            await self.close()

    async def close(self) -> None:
        """Finish what is under way, and give connections back."""
        await asyncio.gather(*self._tasks())
        await self._runner.close()
        await self._reads.close()
        await self._writes.dispose()

    async def deliver_all(self) -> None:
        """Deliver until nothing is due."""
        while await self.take() or self._tasks():
            if tasks := self._tasks():
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def take(self) -> int:
        """Take webhooks for the places that are free, and begin to work on them. Returns how many."""
        await self._route()
        number = 0
        for failing, tasks in self._at_work.items():
            free = _PLACES - len(tasks)
            if free <= 0:
                continue
            with no_spans():
                async with self._sessions.begin() as session:
                    taken = await take_webhooks(
                        session, uuid.uuid4(), free, _PLACES_OF_A_TREE, failing=failing
                    )
            # Outside: a task goes on as silent as it is begun.
            for webhook in taken:
                task = asyncio.create_task(self._work_on(webhook))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            number += len(taken)
        return number

    async def _route(self) -> None:
        """Note which webhooks new events concern. What fails is left for the next second: others have
        something to be delivered all the same."""
        try:
            with no_spans():
                for _ in range(_SPANS):
                    async with self._sessions.begin() as session:
                        if not await route_events(session):
                            return
        except DATABASE_AWAY as error:
            _log.warning("events not routed to webhooks", **kind_of(error))

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [task for tasks in self._at_work.values() for task in tasks]

    async def _keep_looking(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.take()
            except DATABASE_AWAY as error:
                _log.warning("webhooks not looked for", **kind_of(error))
            except Exception:
                _log.exception("webhooks not looked for")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PAUSE)

    async def _work_on(self, webhook: TakenWebhook) -> None:
        try:
            await self._deliverer.work_on(webhook)
        except (*DATABASE_AWAY, TryLater) as error:
            _log.warning("a webhook was left", webhook=str(webhook.id), **kind_of(error))
        except Exception:
            _log.exception("a webhook was left", webhook=str(webhook.id))
