"""Who was active in a cycle is forgotten once it has ended (R98, R100)."""

import asyncio

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, SendCycleId
from models.sending.tables import active_contacts, contact_claims, send_cycles, send_reservations
from resolvers.sending import close_cycle as cycle_closing
from server.database.clock import Clock
from server.settings.payments import PracticePayments
from tests.client.api import Api
from tests.database.job_queue import work_off
from tests.jobs.campaigns import begin_selling, names
from tests.world.brand import Brand
from tests.world.sends import let_expire, reserved, settle, used
from tests.world.world import World


@pytest.fixture
async def campaign(api: Api, world: World, brand: Brand) -> Brand:
    """A brand that has sent to seven contacts in its cycle."""
    await begin_selling(world, brand)
    sent = await reserved(api, brand.owner, brand.store, *names(7))
    assert await settle(api, brand.owner, "sendCommit", sent) == ""
    return brand


async def _known(world: World, brand: Brand) -> int:
    """The contacts that are in the database."""
    statement = select(func.count()).where(active_contacts.c.master_id == brand.master.master)
    async with world.database.connect() as connection:
        return (await connection.execute(statement)).scalar_one()


async def _closed(world: World, brand: Brand) -> list[bool]:
    """Of each of the brand's cycles, whether it is closed."""
    cycle = send_cycles.c
    statement = (
        select(cycle.closed_at).where(cycle.master_id == brand.master.master).order_by(cycle.starts_at)
    )
    async with world.database.connect() as connection:
        return [row.closed_at is not None for row in await connection.execute(statement)]


async def test_contacts_of_a_cycle_that_ended_are_forgotten(
    api: Api,
    application: AsyncEngine,
    world: World,
    campaign: Brand,
    clock: Clock,
    provider: PracticePayments,
) -> None:
    """Not before its end; how many they were stays, and those of the next cycle too."""
    await work_off(application, provider)
    assert (await _known(world, campaign), await _closed(world, campaign)) == (7, [False])
    await clock.forward(days=32)
    await reserved(api, campaign.owner, campaign.store, "n0", "new")
    for _ in range(2):
        await work_off(application, provider)
        assert (await _known(world, campaign), await _closed(world, campaign)) == (2, [True, False])
    assert await used(api, campaign.owner, campaign.store) == (2, 2)
    first = select(send_cycles.c.contacts, send_cycles.c.sends)
    of_brand = first.where(
        send_cycles.c.master_id == campaign.master.master, send_cycles.c.closed_at.is_not(None)
    )
    async with world.database.connect() as connection:
        assert tuple((await connection.execute(of_brand)).one()) == (7, 7)


async def test_a_whole_batch_of_which_the_database_has_no_statistics(
    application: AsyncEngine, world: World, campaign: Brand, clock: Clock, provider: PracticePayments
) -> None:
    """Found by their keys, they were compared each with each: that took longer than a statement may."""
    async with world.database.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO active_contacts (master_id, cycle_id, digest, reservation_id) "
                "SELECT master_id, cycle_id, sha256(number::text::bytea), reservation_id "
                "FROM (SELECT * FROM active_contacts WHERE master_id = :master LIMIT 1) AS one, "
                "generate_series(1, :most) AS number"
            ),
            {"master": campaign.master.master, "most": cycle_closing.BATCH},
        )
    assert await _known(world, campaign) > cycle_closing.BATCH
    await clock.forward(days=32)
    await work_off(application, provider)
    assert (await _known(world, campaign), await _closed(world, campaign)) == (0, [True])


async def test_several_at_once_in_small_batches(
    application: AsyncEngine,
    world: World,
    campaign: Brand,
    clock: Clock,
    provider: PracticePayments,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cycle_closing, "BATCH", 2)
    await clock.forward(days=32)
    await asyncio.gather(*[work_off(application, provider) for _ in range(3)])
    assert (await _known(world, campaign), await _closed(world, campaign)) == (0, [True])


async def test_one_that_dies_between_batches(
    application: AsyncEngine,
    world: World,
    campaign: Brand,
    clock: Clock,
    provider: PracticePayments,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cycle stays open, and the next worker goes on."""
    await clock.forward(days=32)
    forget = cycle_closing._forget_batch
    batches: list[SendCycleId] = []

    async def forget_and_die(session: WriteSession, master_id: MasterId, cycle_id: SendCycleId) -> bool:
        if batches:
            raise ConnectionError
        batches.append(cycle_id)
        return await forget(session, master_id, cycle_id)

    with monkeypatch.context() as patched:
        patched.setattr(cycle_closing, "BATCH", 3)
        patched.setattr(cycle_closing, "_forget_batch", forget_and_die)
        with pytest.raises(ConnectionError):
            await work_off(application, provider)
    assert (await _known(world, campaign), await _closed(world, campaign)) == (4, [False])
    await work_off(application, provider)
    assert (await _known(world, campaign), await _closed(world, campaign)) == (0, [True])


async def test_while_a_reservation_is_open_its_cycle_is_not_closed(
    api: Api,
    application: AsyncEngine,
    world: World,
    campaign: Brand,
    clock: Clock,
    provider: PracticePayments,
) -> None:
    """It was made in the last minutes of the cycle, and can be committed in the next one."""
    last = await reserved(api, campaign.owner, campaign.store, "late")
    await reserved(api, campaign.owner, campaign.us, "later")
    await clock.forward(days=32)
    later = func.mandant_now() + func.make_interval(0, 0, 0, 0, 0, 10)
    async with world.database.begin() as connection:
        reservation = send_reservations.c
        still = update(send_reservations).where(reservation.master_id == campaign.master.master)
        await connection.execute(still.where(reservation.status == "RESERVED").values(expires_at=later))
    await work_off(application, provider)
    assert (await _known(world, campaign), await _closed(world, campaign)) == (9, [False])
    assert await settle(api, campaign.owner, "sendCommit", last) == ""
    await let_expire(world.database, campaign.us)
    for _ in ("what expired is given back", "its cycle is closed"):
        await work_off(application, provider)
    assert (await _known(world, campaign), await _closed(world, campaign)) == (0, [True])
    claims = select(func.count()).where(contact_claims.c.master_id == campaign.master.master)
    async with world.database.connect() as connection:
        assert (await connection.execute(claims)).scalar_one() == 0
