"""Workers beside a test, and what to wait for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text

from models.base.ids import new_id
from models.sending.job_kinds import CYCLE_CLOSE
from resolvers.billing.document import Issuer
from resolvers.domains.dns import Dns
from resolvers.payments.provider import PaymentProvider
from server.embedded_postgres import DatabaseAddresses
from server.start.worker import work
from tests.database.job_queue import put_in
from tests.server.deployed import deployed
from tests.waiting import until
from tests.world.world import World

IDLE = "SELECT count(*) = 0 FROM pgq.pgqueuer WHERE execute_after <= now() OR attempts > 0"
"""Nothing in the queue is due, and nothing is to be tried again: as what found a row locked for too long."""
PRACTICE = {"MANDANT_PAYMENT_PROVIDER": "practice"}
"""The setting with which a worker as a process can charge."""


@asynccontextmanager
async def working(
    own: DatabaseAddresses, provider: PaymentProvider, issuer: Issuer | None = None, dns: Dns | None = None
) -> AsyncIterator[None]:
    """A worker is at work beside the test, and ends with it."""
    stop = asyncio.Event()
    worker = asyncio.create_task(work(own.application, deployed(provider, issuer, dns=dns), stop))
    try:
        yield
    finally:
        stop.set()
        await worker


async def works(world: World) -> None:
    """Wait until a worker does what is put in."""
    await put_in(world.database, CYCLE_CLOSE, f"{new_id()} {new_id()}".encode())
    await until(answers_yes(world, IDLE))


def answers_yes(world: World, question: str) -> Callable[[], Awaitable[bool]]:
    """A condition to wait for: the database says yes to the question."""

    async def answer() -> bool:
        async with world.database.connect() as connection:
            return bool((await connection.execute(text(question))).scalar_one())

    return answer
