"""PGQueuer on our database: its tables, its connection, and what becomes of jobs that fail.

A job that fails is tried again after a pause, longer each time, and then held: it stays in the queue as
`failed` until an operator has it done again (`mandant jobs retry`). The same becomes of one whose workers die
on it again and again.
"""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.domain.settings import DBSettings
from pgqueuer.errors import RetryRequested
from pgqueuer.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.models import Context, Job
from pgqueuer.queries import Queries
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from models.effects.jobs import QUEUE_SCHEMA, job_kinds
from server.database.connections import queue_connection
from server.failures.errors import kind_of
from server.logs.metrics import job_seconds, jobs

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

MOST_ATTEMPTS = 5
"""A failed job is tried again so often, over 15 minutes, before it is held."""

MOST_DEATHS = 5
"""So many workers may die on a job before it is held."""

_FIRST_PAUSE = datetime.timedelta(seconds=5)
_LONGEST_PAUSE = datetime.timedelta(minutes=5)
_TIMES_LONGER = 4.0

# Only starts since the job was queued, or requeued, count.
_STARTS = """
SELECT count(*) AS starts FROM pgq.pgqueuer_log
WHERE job_id = $1 AND status = 'picked' AND id > (
  SELECT coalesce(max(id), 0) FROM pgq.pgqueuer_log WHERE job_id = $1 AND status = 'queued'
)"""


class QueueSettings(DBSettings):
    """Where PGQueuer's tables are, as in the migrations; its environment variables are ignored."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The values given in code only."""
        return (init_settings,)


QUEUE = QueueSettings(db_schema=QUEUE_SCHEMA)


class TooManyDeathsError(Exception):
    """Worker after worker began the job, and none came to its end."""


@asynccontextmanager
async def open_queue(database_url: str) -> AsyncIterator[Queries]:
    """The queue, over a connection of its own."""
    async with queue_connection(database_url) as connection:
        yield queries(AsyncpgDriver(connection))


def queries(driver: AsyncpgDriver) -> Queries:
    """PGQueuer's statements for our tables."""
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(QUEUE),
        qbq=QueryQueueBuilder(QUEUE),
        qbs=QuerySchedulerBuilder(QUEUE),
    )


class JobExecutor(DatabaseRetryEntrypointExecutor):
    """Does a job, and decides whether a failed one is tried again or held."""

    def __init__(self, parameters: EntrypointExecutorParameters, queue: Queries) -> None:
        super().__init__(
            parameters,
            max_attempts=MOST_ATTEMPTS,
            initial_delay=_FIRST_PAUSE,
            max_delay=_LONGEST_PAUSE,
            backoff_multiplier=_TIMES_LONGER,
        )
        self._queue = queue

    async def execute(self, job: Job, context: Context) -> None:
        """Raises RetryRequested where it is to be tried again, anything else where it is to be held."""
        began, outcome = perf_counter(), "done"
        try:
            await self._done(job, context)
        except RetryRequested:
            outcome = "tried again"
            raise
        except Exception:
            outcome = "held"
            raise
        finally:
            jobs.labels(kind=job.entrypoint, outcome=outcome).inc()
            job_seconds.labels(kind=job.entrypoint).observe(perf_counter() - began)

    async def _done(self, job: Job, context: Context) -> None:
        if job_kinds()[job.entrypoint].is_held_after_deaths:
            # PGQueuer counts attempts that failed, and not those whose worker died.
            (row,) = await self._queue.driver.fetch(_STARTS, job.id)
            if int(str(row["starts"])) > MOST_DEATHS:
                raise TooManyDeathsError
        try:
            await super().execute(job, context)
        except RetryRequested as retry:
            why = kind_of(retry.__cause__)
            _log.warning("a job is tried again", kind=job.entrypoint, job=job.id, **why)
            raise
