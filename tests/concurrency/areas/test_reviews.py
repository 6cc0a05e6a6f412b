"""Reviews that are requested and decided at once, and sends beside a revocation (R86, T29)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models.review.tables import reviews
from models.staff.tables import StaffRole
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from tests.areas.review.reviewing import reviewing_api, shown
from tests.client.api import Api
from tests.client.mutations import code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of
from tests.world.contacts import give_contact
from tests.world.plans import make_plan, subscribe
from tests.world.reviews import give_review
from tests.world.sends import reserve, reserved, settle
from tests.world.staff import staff_member
from tests.world.world import Person, World


@pytest.fixture(scope="module")
async def reviewing(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """MANDANT_REVIEW is REQUIRED."""
    async with reviewing_api(settings, addresses.application) as api:
        yield api


@pytest.fixture
async def staff(world: World) -> list[Person]:
    """Two approvers."""
    return [await staff_member(world, StaffRole.APPROVER) for _ in range(2)]


async def _approved(world: World, staff: list[Person]) -> Brand:
    brand = await brand_of(world)
    await subscribe(world, brand.master, await make_plan(world))
    await give_review(world, brand.us, *staff)
    return brand


def _revoking(brand: Brand) -> dict[str, str]:
    return {"accountId": brand.us.id, "reason": "Complaints."}


async def test_a_revocation_waits_for_what_is_being_reserved_and_then_it_is_not_sent(
    reviewing: Api, world: World, staff: list[Person]
) -> None:
    brand = await _approved(world, staff)
    gate = Gate("INSERT INTO send_reservations")
    sending = asyncio.create_task(gate.holding(reserve(reviewing, brand.owner, brand.us, "ann")))
    await gate.reached()
    revoking = asyncio.create_task(code_of(reviewing, "reviewRevoke", staff[0], **_revoking(brand)))
    assert await waits(revoking, world.database)
    gate.open()
    made = await sending
    assert (made.done, await revoking) == (True, "")
    reservation = made.payload["reservation"]["id"]
    assert await settle(reviewing, brand.owner, "sendCommit", reservation) == "REVIEW_REQUIRED"


async def test_a_revocation_waits_for_what_is_being_committed(
    reviewing: Api, world: World, staff: list[Person]
) -> None:
    """The commit is the last moment at which a send is refused."""
    brand = await _approved(world, staff)
    reservation = await reserved(reviewing, brand.owner, brand.us, "ann")
    gate = Gate("UPDATE send_reservations")
    committing = asyncio.create_task(gate.holding(settle(reviewing, brand.owner, "sendCommit", reservation)))
    await gate.reached()
    revoking = asyncio.create_task(code_of(reviewing, "reviewRevoke", staff[0], **_revoking(brand)))
    assert await waits(revoking, world.database)
    gate.open()
    assert (await committing, await revoking) == ("", "")


@pytest.mark.parametrize("mutation", ["sendReserve", "sendCommit"])
async def test_what_waits_for_a_revocation_is_not_sent(
    reviewing: Api, world: World, staff: list[Person], mutation: str
) -> None:
    """It reads the approval behind the lock, so it finds none."""
    brand = await _approved(world, staff)
    reservation = await reserved(reviewing, brand.owner, brand.us, "ann")
    gate = Gate("INSERT INTO events")
    revoking = asyncio.create_task(
        gate.holding(code_of(reviewing, "reviewRevoke", staff[0], **_revoking(brand)))
    )
    await gate.reached()
    if mutation == "sendReserve":
        sending = asyncio.create_task(_code(reviewing, brand))
    else:
        sending = asyncio.create_task(settle(reviewing, brand.owner, "sendCommit", reservation))
    assert await waits(sending, world.database)
    gate.open()
    assert (await revoking, await sending) == ("", "REVIEW_REQUIRED")


async def test_revocations_and_sends_at_once(reviewing: Api, world: World, staff: list[Person]) -> None:
    """Whoever is first: afterwards nothing is sent."""
    for _ in range(ROUNDS):
        brand = await _approved(world, staff)
        held = await reserved(reviewing, brand.owner, brand.us, "ann")
        codes = await at_once(
            code_of(reviewing, "reviewRevoke", staff[0], **_revoking(brand)),
            _code(reviewing, brand),
            settle(reviewing, brand.owner, "sendCommit", held),
        )
        assert codes[0] == ""
        assert set(codes[1:]) <= {"", "REVIEW_REQUIRED"}
        assert await shown(reviewing, brand.owner, brand.us) == ("REVOKED", False)
        assert await _code(reviewing, brand) == "REVIEW_REQUIRED"


async def test_of_two_requests_at_once_one_is_made(api: Api, world: World, database: AsyncEngine) -> None:
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        await give_contact(world, brand.us, "ann@example.com")
        codes = await at_once(
            *[code_of(api, "reviewRequest", brand.owner, accountId=brand.us.id) for _ in range(3)]
        )
        assert sorted(codes) == ["", "CONFLICT", "CONFLICT"]
        counted = select(func.count()).where(reviews.c.account_id == brand.us.key)
        async with database.connect() as connection:
            assert (await connection.execute(counted)).scalar_one() == 1


async def test_two_of_the_staff_decide_at_once(api: Api, world: World, staff: list[Person]) -> None:
    """Both approve: the second one is the second pair of eyes. One declines: it is not approved."""
    for _ in range(ROUNDS):
        brand = await brand_of(world)
        this = {"accountId": brand.us.id, "reviewId": await give_review(world, brand.us)}
        assert await at_once(*[code_of(api, "reviewApprove", person, **this) for person in staff]) == ["", ""]
        assert await shown(api, brand.owner, brand.us) == ("APPROVED", True)
        other = {"accountId": brand.uk.id, "reviewId": await give_review(world, brand.uk, staff[0])}
        codes = await at_once(
            code_of(api, "reviewApprove", staff[1], **other),
            code_of(api, "reviewDecline", staff[0], **other, reason="Bought."),
        )
        assert sorted(codes) == ["", "FAILED_PRECONDITION"]
        status, may_send = await shown(api, brand.owner, brand.uk)
        assert (status, may_send) == (("APPROVED", True) if codes[0] == "" else ("DECLINED", False))


async def _code(api: Api, brand: Brand) -> str:
    return (await reserve(api, brand.owner, brand.us, "ann")).code
