"""Workers that fail, are stopped or lose the database: what waits is done all the same, and once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, text
from structlog.testing import capture_logs
from structlog.typing import EventDict

from models.base.ids import new_id
from models.credit.job_kinds import TOP_UP
from models.effects.jobs import JobKind
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.payments.tables import top_ups
from models.sending.job_kinds import CYCLE_CLOSE
from server.commands.jobs import held_jobs, retry_held_jobs
from server.database.connections import connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from server.settings.payments import PracticePayments
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.database import named
from tests.database.job_queue import job, jobs_of, put_in
from tests.jobs.workers import PRACTICE, working, works
from tests.server.start.processes import running
from tests.waiting import until
from tests.world.brand import Brand
from tests.world.credit import credit_of, give_credit, give_payment_method, give_top_up_rule, own_balances
from tests.world.world import World

_END_ALL = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")


async def _poor(world: World, brand: Brand, reference: str = "paid") -> None:
    """The US team has 1 left, and buys 10 whenever it is less than 5."""
    await own_balances(world, brand.us)
    method = await give_payment_method(world, brand.us, reference)
    await give_top_up_rule(world, brand.us, method)
    await give_credit(world, brand.us, 1)


def _bought(world: World, brand: Brand) -> Callable[[], Awaitable[bool]]:
    async def bought() -> bool:
        return await credit_of(world.database, brand.us) == 11

    return bought


async def test_a_request_wakes_a_worker(
    api: Api, own: DatabaseAddresses, world: World, brand: Brand, provider: PracticePayments
) -> None:
    """Whatever it was doing: nobody waits for the next minute."""
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, 12)
    await give_top_up_rule(world, brand.us, await give_payment_method(world, brand.us))
    async with working(own, provider):
        await works(world)
        between = {"fromAccountId": brand.us.id, "toAccountId": brand.master.id}
        values = {**between, "amount": 11, "idempotencyKey": str(new_id())}
        async with asyncio.timeout(50):
            await done(api, "creditTransfer", brand.owner, **values)
            await until(_bought(world, brand))
    assert len(provider.charges) == 1
    assert await jobs_of(world.database, brand.us) == []


async def test_the_log_says_when_a_worker_starts_and_ends(
    own: DatabaseAddresses, world: World, provider: PracticePayments
) -> None:
    with capture_logs() as lines:
        async with working(own, provider):
            await works(world)
            assert [line["event"] for line in lines] == ["worker started"]
    assert lines[-1]["event"] == "worker ended"


async def test_a_job_that_fails_stops_no_other(
    own: DatabaseAddresses, world: World, brand: Brand, provider: PracticePayments
) -> None:
    """It is tried again later, and after the last time held until an operator has it done again."""
    first = await put_in(world.database, TOP_UP, b"nonsense")
    last = await put_in(world.database, TOP_UP, b"nonsense", attempts=5)
    await _poor(world, brand)

    async def one_is_held() -> bool:
        row = await job(world.database, last)
        return row is not None and row.status == "failed"

    with capture_logs() as lines:
        async with working(own, provider):
            await until(_bought(world, brand))
            await until(one_is_held)
    told = [line for line in lines if line["event"] == "a job is tried again"]
    assert [(line["job"], line["error"]) for line in told] == [(first, "ValueError")]
    later = await job(world.database, first)
    assert later is not None
    assert (later.status, later.attempts) == ("queued", 1)
    assert (later.execute_after - later.updated).total_seconds() == pytest.approx(5)
    (held,) = await held_jobs(own.application)
    assert (held.kind, held.about) == ("top_up", "nonsense")
    assert held.error.startswith("ValueError")
    assert await retry_held_jobs(own.application) == 1
    again = await job(world.database, last)
    assert again is not None
    assert (again.status, again.attempts) == ("queued", 0)
    assert await held_jobs(own.application) == []
    await _remove(world, first, last)


async def test_a_job_that_workers_die_on_is_held(
    own: DatabaseAddresses, world: World, provider: PracticePayments
) -> None:
    """PGQueuer does not count the attempts of workers that died."""
    fatal = await _fatal(world, CYCLE_CLOSE)

    async def given_up() -> bool:
        row = await job(world.database, fatal)
        return row is not None and row.attempts == 0 and row.status == "failed"

    async with working(own, provider):
        await until(given_up)
    assert [held.error for held in await held_jobs(own.application)] == ["TooManyDeathsError"]
    await _remove(world, fatal)


async def test_a_delivery_that_workers_died_on_goes_on(
    own: DatabaseAddresses, world: World, tmp_path: Path
) -> None:
    """What they had begun is in doubt, and is not begun again."""
    fatal = await _fatal(world, MESSAGE_DELIVERY)

    async def is_done() -> bool:
        return await job(world.database, fatal) is None

    mail = {"MANDANT_SMTP_URL": "smtp://127.0.0.1:1", "MANDANT_SECRET_KEYS": "a secret of the tests"}
    with running(tmp_path, "worker", DATABASE_URL=own.application, **mail) as worker:
        await until(is_done)
        assert worker.terminate() == 0
    assert await held_jobs(own.application) == []


async def _fatal(world: World, kind: JobKind) -> int:
    """A job that five workers have died on."""
    fatal = await put_in(world.database, kind, f"{new_id()} {new_id()}".encode())
    began = text(
        "INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint) VALUES (:id, 'picked', 1, :kind)"
    )
    async with world.database.begin() as connection:
        for _ in range(5):
            await connection.execute(began, {"id": fatal, "kind": kind.name})
    return fatal


async def _remove(world: World, *job_ids: int) -> None:
    async with world.database.begin() as connection:
        statement = text("DELETE FROM pgq.pgqueuer WHERE id = ANY (:ids)")
        await connection.execute(statement, {"ids": list(job_ids)})


async def test_sigterm_ends_what_was_begun(
    own: DatabaseAddresses, world: World, brand: Brand, tmp_path: Path
) -> None:
    """While the payment provider takes a second for its answer."""
    await _poor(world, brand, "slow")
    begun = select(top_ups.c.status).where(top_ups.c.account_id == brand.us.key)

    async def pending() -> bool:
        async with world.database.connect() as connection:
            return (await connection.execute(begun)).scalar_one_or_none() == "PENDING"

    with running(tmp_path, "worker", DATABASE_URL=own.application, **PRACTICE) as worker:
        await until(pending)
        assert worker.terminate() == 0
        told = [json.loads(line)["event"] for line in worker.errors.splitlines()]
        assert told == ["worker started", "worker ended"]
    assert await credit_of(world.database, brand.us) == 11
    assert await jobs_of(world.database, brand.us) == []


async def test_a_database_that_goes_away_and_comes_back(
    own: DatabaseAddresses, world: World, brand: Brand, provider: PracticePayments
) -> None:
    """As with a fail-over: all connections end, and for a while there is no other."""
    name = make_url(own.owner).database
    outside = connect_as_owner(named(own.owner, "postgres"))
    async with outside.connect() as plain:
        server = await plain.execution_options(isolation_level="AUTOCOMMIT")
        with capture_logs() as lines:
            async with working(own, provider):
                await works(world)
                await world.database.dispose()
                await server.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
                await server.execute(_END_ALL, {"name": name})
                await until(_told(lines))
                await server.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
                await _poor(world, brand)
                await until(_bought(world, brand))
    await outside.dispose()


def _told(lines: list[EventDict]) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        return any(line["event"] == "the queue is out of reach" for line in lines)

    return told
