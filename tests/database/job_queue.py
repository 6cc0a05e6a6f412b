"""The queue of jobs for tests: looked into, and worked off without a worker's process."""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.effects.jobs import Job, JobKind, job_kinds
from resolvers.billing.document import Issuer
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.payments.provider import PaymentProvider
from server.jobs.dispatch import do
from server.start.worker import look
from tests.server.deployed import deployed
from tests.world.world import Account

_READY = text("""
  SELECT id, entrypoint, payload FROM pgq.pgqueuer
  WHERE (status = 'queued' AND execute_after <= now())
    OR (status = 'picked' AND heartbeat < now() - interval '30 seconds')
""")
_ALL = text("SELECT * FROM pgq.pgqueuer WHERE payload LIKE :tree ORDER BY id")
_DONE = text("DELETE FROM pgq.pgqueuer WHERE id = ANY (:ids)")
_DIED = text("UPDATE pgq.pgqueuer SET heartbeat = now() - interval '1 minute' WHERE status = 'picked'")


async def work_off(
    application: AsyncEngine,
    provider: PaymentProvider,
    issuer: Issuer | None = None,
    suspended: SuspendedAccounts = SuspendedAccounts.PAUSE,
) -> None:
    """Look once and do all that is due now, as a worker would."""
    deployment = deployed(provider, issuer, suspended)
    await look(application, deployment)
    sessions = WriteSessions(application)
    while rows := await _ready(application):
        for row in rows:
            await do(sessions, deployment, Job.read(row.entrypoint, row.payload))
        async with application.begin() as connection:
            await connection.execute(_DONE, {"ids": [row.id for row in rows]})


async def _ready(application: AsyncEngine) -> Sequence[Row[*tuple[Any, ...]]]:
    async with application.connect() as connection:
        return (await connection.execute(_READY)).all()


async def ready_jobs(application: AsyncEngine, kind: JobKind) -> set[Job]:
    """Those of a kind that wait for a worker now, in all trees."""
    found = {Job.read(row.entrypoint, row.payload) for row in await _ready(application)}
    return {job for job in found if job.kind is kind}


async def jobs_of(database: AsyncEngine, account: Account) -> list[Row[*tuple[Any, ...]]]:
    """The jobs of the account's tree that are in the queue, oldest first."""
    async with database.connect() as connection:
        return list((await connection.execute(_ALL, {"tree": f"{account.master} %".encode()})).all())


async def kinds_of(database: AsyncEngine, account: Account) -> Counter[JobKind]:
    """How many there are of each kind."""
    return Counter(job_kinds()[row.entrypoint] for row in await jobs_of(database, account))


async def put_in(
    database: AsyncEngine, kind: JobKind, payload: bytes, *, attempts: int = 0, status: str = "queued"
) -> int:
    """A job as no request would put it in. Its id."""
    statement = text(
        "INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, attempts, status) "
        "VALUES (1, :kind, :payload, :attempts, CAST(:status AS pgq.pgqueuer_status)) RETURNING id"
    )
    values = {"kind": kind.name, "payload": payload, "attempts": attempts, "status": status}
    async with database.begin() as connection:
        return int((await connection.execute(statement, values)).scalar_one())


async def job(database: AsyncEngine, job_id: int) -> Row[*tuple[Any, ...]] | None:
    """The job, as long as it is in the queue."""
    async with database.connect() as connection:
        found = await connection.execute(text("SELECT * FROM pgq.pgqueuer WHERE id = :id"), {"id": job_id})
        return found.one_or_none()


async def let_workers_die(database: AsyncEngine) -> None:
    """Whoever is at work on a job has not been heard of for a minute."""
    async with database.begin() as connection:
        await connection.execute(_DIED)


async def cycle_of(database: AsyncEngine, account: Account) -> uuid.UUID:
    """The account's newest cycle."""
    newest = text("SELECT id FROM send_cycles WHERE account_id = :account ORDER BY starts_at DESC LIMIT 1")
    async with database.connect() as connection:
        found: uuid.UUID = (await connection.execute(newest, {"account": account.key})).scalar_one()
        return found
