"""What is kept for a time is deleted by workers after it, whosever it is, and nothing else is."""

import asyncio
import datetime

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.dml import Update

from models.effects.idempotency import idempotency_records
from models.people.sessions import sessions
from models.sending.tables import send_reservations
from resolvers.effects.retention import BATCH, Retention, retentions
from server.jobs import effects
from server.jobs.effects import delete_old
from tests.areas.access.expiry.aged_rows import INSERTS, SENT, Place, days_back, left
from tests.authz.cases.moments import open_session
from tests.client.api import Api, Caller
from tests.client.mail_kinds import MAIL_KINDS
from tests.engine.statements import statements
from tests.jobs.campaigns import begin_selling
from tests.world.brand import brand_of
from tests.world.sends import check_counts, reserve, settle
from tests.world.world import World

A_YEAR = range(366)
DAY = datetime.timedelta(days=1)
_BY_NAME = {retention.name: retention for retention in retentions()}


@pytest.fixture
async def place(world: World) -> Place:
    """What the rows of a test belong to."""
    return await Place.of(world)


@pytest.mark.parametrize("retention", retentions(), ids=lambda retention: retention.name)
async def test_a_year(retention: Retention, application: AsyncEngine, world: World, place: Place) -> None:
    """A row of every day: what is older than the age is gone after a look, the rest stays, however often."""
    async with world.database.begin() as connection:
        moments = await days_back(connection, A_YEAR)
        await place.fill(connection, INSERTS[retention.name], moments)
    for _ in range(2):
        await delete_old(application)
        async with world.database.connect() as connection:
            assert await left(connection, retention, moments) == set(moments[: retention.kept.days])


async def test_what_was_sent_stays(application: AsyncEngine, world: World, place: Place) -> None:
    """Costs and invoices go by it."""
    async with world.database.begin() as connection:
        await place.fill(connection, SENT, await days_back(connection, A_YEAR))
    await delete_old(application)
    count = select(func.count()).where(send_reservations.c.account_id == place.account.key)
    async with world.database.connect() as connection:
        assert (await connection.execute(count)).scalar_one() == len(A_YEAR) + 1


async def _fill_with_old(world: World, place: Place, name: str, count: int) -> list[datetime.datetime]:
    async with world.database.begin() as connection:
        moments = await days_back(connection, range(400, 400 + count))
        await place.fill(connection, INSERTS[name], moments)
    return moments


async def test_batches_are_bounded(
    application: AsyncEngine, world: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest first, each batch in a transaction of its own, and so many in a look."""
    await delete_old(application)
    moments = await _fill_with_old(world, place, "idempotency_records", 2 * BATCH + 7)
    monkeypatch.setattr(effects, "MOST_BATCHES", 2)
    retention = _BY_NAME["idempotency_records"]
    for batches, rest in ((2, moments[:7]), (1, [])):
        with statements() as sent:
            await delete_old(application)
        assert sum(f"old_{retention.name}" in statement for statement in sent) == batches
        async with world.database.connect() as connection:
            assert await left(connection, retention, moments) == set(rest)


@pytest.mark.parametrize("name", INSERTS)
async def test_several_workers_at_once(
    name: str, application: AsyncEngine, world: World, place: Place
) -> None:
    """They share the rows: none waits for another, none fails, nothing is left."""
    moments = await _fill_with_old(world, place, name, 2 * BATCH)
    await asyncio.gather(*[delete_old(application) for _ in range(3)])
    async with world.database.connect() as connection:
        assert await left(connection, _BY_NAME[name], moments) == set()


async def test_a_row_that_somebody_holds_is_left_to_the_next_look(
    application: AsyncEngine, world: World, place: Place
) -> None:
    moments = await _fill_with_old(world, place, "sessions", 3)
    retention = _BY_NAME["sessions"]
    async with world.database.begin() as connection:
        held = select(sessions.c.id).where(sessions.c.expires_at == moments[0])
        await connection.execute(held.with_for_update())
        await delete_old(application)
        assert await left(connection, retention, moments) == {moments[0]}
    await delete_old(application)
    async with world.database.connect() as connection:
        assert await left(connection, retention, moments) == set()


async def test_one_table_that_cannot_be_cleaned_holds_up_no_other(
    application: AsyncEngine, world: World, place: Place
) -> None:
    """Such as one that somebody locks for longer than a worker waits."""
    moments = await _fill_with_old(world, place, "job_log", 3)
    async with world.database.begin() as connection:
        await connection.execute(text("ALTER FUNCTION mandant_delete_old_attempts() RENAME TO elsewhere"))
    try:
        await delete_old(application)
    finally:
        async with world.database.begin() as connection:
            await connection.execute(text("ALTER FUNCTION elsewhere() RENAME TO mandant_delete_old_attempts"))
    async with world.database.connect() as connection:
        assert await left(connection, _BY_NAME["job_log"], moments) == set()


async def test_what_is_signed_in_stays(api: Api, application: AsyncEngine, world: World) -> None:
    person = await world.person()
    await open_session(world.database, person)
    await delete_old(application)
    assert (await api.read("{ viewer { user { id } } }", person))["viewer"]["user"]["id"] == person.id


def _older(of: Update, days: int) -> Update:
    return of.values(created_at=func.now() - days * DAY - datetime.timedelta(hours=1))


async def test_a_key_may_be_repeated_for_thirty_days(
    api: Api, application: AsyncEngine, world: World
) -> None:
    """Until then it answers with what it made, though that was given back; what it made is known longer."""
    brand = await brand_of(world)
    await begin_selling(world, brand)

    async def again() -> tuple[str, bool]:
        made = await reserve(api, brand.owner, brand.store, "ann", key="once")
        assert made.done, made
        return made.payload["reservation"]["id"], made.payload["replayed"]

    first, replayed = await again()
    assert not replayed
    assert await settle(api, brand.owner, "sendVoid", first) == ""
    reservation, record = send_reservations.c, idempotency_records.c
    of_first = update(send_reservations).where(reservation.master_id == brand.master.master)
    of_key = update(idempotency_records).where(record.master_id == brand.master.master)

    async def after(days: int) -> None:
        async with world.database.begin() as connection:
            for aged in (of_first.where(reservation.status == "VOIDED"), of_key):
                await connection.execute(_older(aged, days))
        await delete_old(application)

    await after(29)
    assert await again() == (first, True)
    await after(30)
    second, replayed = await again()
    assert (second == first, replayed) == (False, False)
    for days, status in ((30, "VOIDED"), (89, "VOIDED"), (90, None)):
        await after(days)
        assert await _status(api, brand.owner, first) == status
    await check_counts(world.database, brand.master)


async def _status(api: Api, caller: Caller, reservation_id: str) -> str | None:
    query = "query ($id: ID!) { node(id: $id) { ... on SendReservation { status } } }"
    node = (await api.read(query, caller, id=reservation_id))["node"]
    return None if node is None else str(node["status"])


def test_tries_are_kept_longer_than_they_are_counted() -> None:
    windows = [budget.window for kind in MAIL_KINDS.values() for budget in kind.policy.budgets]
    assert max(windows) < _BY_NAME["attempts"].kept
