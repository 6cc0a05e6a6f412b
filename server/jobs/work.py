"""What areas contribute to `mandant worker`: each in a module `server.jobs.<area>`, as `WORK`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
import sqlalchemy.exc
import structlog
from pgqueuer.domain.errors import FailingListenerError
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSession, WriteSessions
from models.effects.jobs import Job, JobKind
from schema.fields.deployment import Deployment
from server.failures.errors import kind_of

MinuteTask = Callable[[AsyncEngine], Awaitable[None]]

DATABASE_AWAY = (
    OSError,
    sqlalchemy.exc.SQLAlchemyError,
    AsyncAdapt_asyncpg_dbapi.Error,  # of a pool that cannot connect: SQLAlchemy leaves it as it is
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    FailingListenerError,
)
"""What is raised where the database went away, or its connection."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def _always(_: Deployment) -> bool:
    return True


@dataclass(frozen=True)
class JobWork:
    """How jobs of a kind are done. `do` does what is due for the job's subject, in transactions of its own.
    If nothing is due, it changes nothing. The same job may run twice, also at the same time."""

    kind: JobKind
    do: Callable[[WriteSessions, Deployment, Job], Awaitable[None]]
    is_done_by: Callable[[Deployment], bool] = _always
    """Whether a deployment does such jobs at all."""


@dataclass(frozen=True)
class Work:
    """What one area contributes."""

    jobs: Sequence[JobWork] = ()
    every_minute: Mapping[str, MinuteTask] = field(default_factory=dict)
    """What one of the workers does every minute, by its name in the queue's schedule."""


async def in_batches(sessions: WriteSessions, batch: Callable[[WriteSession], Awaitable[bool]]) -> None:
    """Run `batch`, each time in a transaction of its own, until it returns False: there is no more."""
    more = True
    while more:
        async with sessions.begin() as session:
            more = await batch(session)


async def attempt(name: str, task: MinuteTask, database: AsyncEngine) -> None:
    """Run a task. One that fails is tried again in the next minute, and stops no other."""
    try:
        await task(database)
    except DATABASE_AWAY as error:
        _log.warning("left undone", step=name, **kind_of(error))
    except Exception:
        _log.exception("left undone", step=name)
