"""Booking sends: what is counted when, what is given back, what stands in the way (R89-R104, T18, T21)."""

import datetime
import hashlib

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import AccountStatus
from models.sending.tables import send_cycles
from server.database.clock import Clock
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.world.brand import Brand
from tests.world.budgets import budget_set
from tests.world.credit import balances_of, faults_of, give_credit, own_balances
from tests.world.plans import make_plan, subscribe
from tests.world.sends import SHOWN, booking, check_counts, let_expire, reserve, reserved, settle, used
from tests.world.world import World

_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!]) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients) {
  recipients newContacts activeContacts refused { index fault } contactsLeft sendsLeft price
  invoicedAccount { id } warnings } }"""


@pytest.fixture
async def small(brand: Brand, world: World) -> Brand:
    """The brand with a plan of two contacts and twenty sends, since yesterday."""
    await subscribe(world, brand.master, await make_plan(world))
    return brand


async def test_a_contact_counts_once_a_cycle(api: Api, small: Brand, database: AsyncEngine) -> None:
    """R97, R99, R103: on sending, whoever of the tree sends, however it is written."""
    made = await reserve(api, small.owner, small.us, "ann", "bob", "ann", "not an address", "ANN ")
    assert made.payload["reservation"] == {
        "id": made.payload["reservation"]["id"],
        "status": "RESERVED",
        "recipients": 2,
        "newContacts": 2,
        "price": "0",
        "account": {"id": small.us.id},
        "stream": "MARKETING",
        "expiresAt": made.payload["reservation"]["expiresAt"],
    }
    again = await reserve(api, small.owner, small.uk, "Ann", "bob")
    assert again.payload["reservation"]["newContacts"] == 0
    assert await used(api, small.owner, small.store) == (2, 4)
    await check_counts(database, small.master)


async def test_hashes_are_the_same_contacts(api: Api, small: Brand) -> None:
    await reserved(api, small.owner, small.us, "ann")
    values = booking(small.us)
    hashed = hashlib.sha256(b"ann@example.com").hexdigest()
    values |= {"recipients": None, "recipientHashes": [hashed, hashed.upper(), "00", hashed]}
    made = await done(api, "sendReserve", small.owner, SHOWN, **values)
    assert (made["reservation"]["recipients"], made["reservation"]["newContacts"]) == (1, 0)


async def test_at_the_limit_the_active_stay_mailable(api: Api, small: Brand, world: World) -> None:
    """R92, R101, R102; all or nothing."""
    await reserved(api, small.owner, small.us, "ann", "bob")
    before = await world.state(small.master)
    refused = await reserve(api, small.owner, small.us, "ann", "carl")
    assert (refused.code, refused.named) == ("CONTACT_LIMIT_REACHED", "recipients")
    hashed = {"recipients": None, "recipientHashes": [hashlib.sha256(b"carl@example.com").hexdigest()]}
    refused = await attempt(api, "sendReserve", small.owner, SHOWN, **(booking(small.us) | hashed))
    assert (refused.code, refused.named) == ("CONTACT_LIMIT_REACHED", "recipientHashes")
    assert await world.state(small.master) == before
    await reserved(api, small.owner, small.us, "ann", "bob")


async def test_sends_have_a_limit_of_their_own(api: Api, small: Brand, world: World) -> None:
    """R93, R95."""
    for _ in range(10):
        await reserved(api, small.owner, small.us, "ann", "bob")
    before = await world.state(small.master)
    assert (await reserve(api, small.owner, small.us, "ann")).code == "SEND_LIMIT_REACHED"
    assert await world.state(small.master) == before
    assert await used(api, small.owner, small.us) == (2, 20)


async def test_a_new_cycle_begins_at_zero(api: Api, brand: Brand, world: World, clock: Clock) -> None:
    """R98, R101; the boundary belongs to the new cycle."""
    start = datetime.datetime(2027, 1, 31, 9, tzinfo=datetime.UTC)
    await subscribe(world, brand.master, await make_plan(world), "Europe/Berlin", start)
    await clock.show(datetime.datetime(2027, 2, 27, 22, 59, 50, tzinfo=datetime.UTC))
    late = await reserved(api, brand.owner, brand.us, "ann", "bob")
    assert (await reserve(api, brand.owner, brand.us, "carl")).code == "CONTACT_LIMIT_REACHED"
    await clock.show(datetime.datetime(2027, 2, 27, 23, tzinfo=datetime.UTC))
    assert await used(api, brand.owner, brand.us) == (0, 0)
    await reserved(api, brand.owner, brand.us, "carl")
    # What was reserved in the old cycle is used of the old one.
    assert await settle(api, brand.owner, "sendCommit", late) == ""
    assert await used(api, brand.owner, brand.us) == (1, 1)


async def test_voided_sends_leave_nothing(api: Api, small: Brand, database: AsyncEngine) -> None:
    """T21: nobody becomes active by them; to void again changes nothing."""
    reservation = await reserved(api, small.owner, small.us, "ann", "bob")
    for _ in range(2):
        made = await done(api, "sendVoid", small.owner, SHOWN, reservationId=reservation)
        assert made["reservation"]["status"] == "VOIDED"
    assert await used(api, small.owner, small.us) == (0, 0)
    assert await settle(api, small.owner, "sendCommit", reservation) == "RESERVATION_SETTLED"
    await reserved(api, small.owner, small.us, "carl", "dora")
    await check_counts(database, small.master)


async def test_committed_sends_stay(api: Api, small: Brand, database: AsyncEngine) -> None:
    reservation = await reserved(api, small.owner, small.us, "ann")
    for _ in range(2):
        made = await done(api, "sendCommit", small.owner, SHOWN, reservationId=reservation)
        assert made["reservation"]["status"] == "COMMITTED"
    assert await settle(api, small.owner, "sendVoid", reservation) == "RESERVATION_SETTLED"
    await let_expire(database, small.us)
    assert await used(api, small.owner, small.us) == (1, 1)
    kinds = [event["type"] for event in await events_of(api, small.owner, small.us.id)]
    assert kinds == ["SEND_COMMITTED", "SEND_RESERVED"]


async def test_expired_sends_are_given_back(api: Api, small: Brand, database: AsyncEngine) -> None:
    """By the clock: whoever looks or counts next sees it."""
    reservation = await reserved(api, small.owner, small.us, "ann", "bob")
    assert (await reserve(api, small.owner, small.uk, "carl")).code == "CONTACT_LIMIT_REACHED"
    await let_expire(database, small.us)
    assert await used(api, small.owner, small.us) == (0, 0)
    assert await settle(api, small.owner, "sendCommit", reservation) == "RESERVATION_EXPIRED"
    await reserved(api, small.owner, small.uk, "carl", "dora")
    await check_counts(database, small.master)
    query = "query ($id: ID!) { node(id: $id) { ... on SendReservation { status settledAt } } }"
    shown = (await api.read(query, small.owner, id=reservation))["node"]
    assert (shown["status"], shown["settledAt"] is None) == ("EXPIRED", False)
    assert await settle(api, small.owner, "sendCommit", reservation) == "RESERVATION_EXPIRED"
    assert await settle(api, small.owner, "sendVoid", reservation) == ""


@pytest.mark.parametrize("ending", ["void", "expiry"])
@pytest.mark.parametrize("second", ["open", "committed"])
async def test_two_campaigns_to_the_same_contact(
    api: Api, small: Brand, database: AsyncEngine, ending: str, second: str
) -> None:
    """T21: it counts once, and stays active where one of them is not sent."""
    first = await reserved(api, small.owner, small.us, "ann")
    other = await reserved(api, small.owner, small.uk, "ann", "bob")
    if second == "committed":
        assert await settle(api, small.owner, "sendCommit", other) == ""
    if ending == "void":
        assert await settle(api, small.owner, "sendVoid", first) == ""
    else:
        await let_expire(database, small.us)
    assert await used(api, small.owner, small.us) == (2, 2)
    assert (await reserve(api, small.owner, small.us, "carl")).code == "CONTACT_LIMIT_REACHED"
    await reserved(api, small.owner, small.us, "ann", "bob")
    await check_counts(database, small.master)


@pytest.mark.parametrize("second", ["us", "uk"])
@pytest.mark.parametrize("first_goes_first", [True, False])
async def test_a_contact_that_is_handed_over_is_counted_once(
    api: Api, small: Brand, database: AsyncEngine, second: str, *, first_goes_first: bool
) -> None:
    """Whoever takes it over from a voided reservation counts it by that alone, until that is voided too."""
    booked = [
        await reserved(api, small.owner, account, "ann") for account in (small.us, getattr(small, second))
    ]
    for each in booked if first_goes_first else reversed(booked):
        assert await settle(api, small.owner, "sendVoid", each) == ""
    assert await used(api, small.owner, small.us) == (0, 0)
    await check_counts(database, small.master)
    repeated = select(send_cycles.c.repeated).where(send_cycles.c.master_id == small.master.key)
    async with database.connect() as connection:
        assert (await connection.execute(repeated)).scalar_one() == 0


async def test_sends_beyond_the_plan_take_credit(
    api: Api, brand: Brand, world: World, database: AsyncEngine
) -> None:
    """Reserved in the nearest pool, spent on commit, given back on void; all of the books hold."""
    await subscribe(world, brand.master, await make_plan(world, send_price=100, active_contacts=50))
    await own_balances(world, brand.us)
    await give_credit(world, brand.us, 250)
    names = [f"n{number}" for number in range(19)]
    await reserved(api, brand.owner, brand.store, *names)
    beyond = await reserve(api, brand.owner, brand.store, "a", "b", "c")
    assert beyond.payload["reservation"]["price"] == "200"
    assert await balances_of(database, brand.us) == {"OUTSIDE": -250, "CREDIT": 50, "RESERVED": 200}
    before = await world.state(brand.master)
    assert (await reserve(api, brand.owner, brand.store, "d")).code == "INSUFFICIENT_CREDIT"
    assert await world.state(brand.master) == before
    await settle(api, brand.owner, "sendVoid", beyond.payload["reservation"]["id"])
    assert await balances_of(database, brand.us) == {"OUTSIDE": -250, "CREDIT": 250, "RESERVED": 0}
    lapsing = await reserved(api, brand.owner, brand.store, "a", "b", "c")
    await let_expire(database, brand.store)
    last = await reserved(api, brand.owner, brand.store, *names, "e", "f")
    assert await balances_of(database, brand.us) == {"OUTSIDE": -250, "CREDIT": 150, "RESERVED": 100}
    assert await settle(api, brand.owner, "sendCommit", last) == ""
    assert await balances_of(database, brand.us) == {"OUTSIDE": -150, "CREDIT": 150, "RESERVED": 0}
    assert await settle(api, brand.owner, "sendCommit", lapsing) == "RESERVATION_EXPIRED"
    assert await faults_of(database, brand.us, brand.master) == []
    await check_counts(database, brand.master)


async def test_the_same_key_books_once(api: Api, small: Brand, world: World) -> None:
    """T17: whatever has become of it since; another list is another request."""
    first = await reserve(api, small.owner, small.us, "ann", key="one")
    again = await reserve(api, small.owner, small.us, "ann", key="one")
    assert again.payload == first.payload | {"replayed": True}
    before = await world.state(small.master)
    assert (await reserve(api, small.owner, small.us, "bob", key="one")).code == "IDEMPOTENCY_MISMATCH"
    other = await reserve(api, small.owner, small.us, "ann", key="one", stream="TRANSACTIONAL")
    assert other.code == "IDEMPOTENCY_MISMATCH"
    assert await world.state(small.master) == before
    assert await used(api, small.owner, small.us) == (1, 1)


async def test_each_stream_has_its_own_right(api: Api, small: Brand, world: World) -> None:
    """R7: a key without the stream's right books nothing, and settles nothing of it."""
    scopes = mask_of({Permission.ACCOUNT_READ, Permission.TRANSACTIONAL_SEND})
    transactional = await world.api_key(small.us, scopes=scopes)
    marketing = await reserved(api, small.owner, small.us, "ann")
    before = await world.state(small.master)
    assert (await reserve(api, transactional, small.us, "ann")).code == "FORBIDDEN"
    for field in ("sendCommit", "sendVoid"):
        assert await settle(api, transactional, field, marketing) == "FORBIDDEN"
    assert await world.state(small.master) == before
    made = await reserve(api, transactional, small.us, "bob", stream="TRANSACTIONAL")
    assert made.payload["reservation"]["newContacts"] == 1
    assert await settle(api, transactional, "sendCommit", made.payload["reservation"]["id"]) == ""


@pytest.mark.parametrize("which", ["us", "master"])
async def test_not_while_suspended(api: Api, small: Brand, world: World, which: str) -> None:
    reservation = await reserved(api, small.owner, small.us, "ann")
    await world.set_status(getattr(small, which), AccountStatus.SUSPENDED)
    before = await world.state(small.master)
    assert (await reserve(api, small.owner, small.us, "ann")).code == "ACCOUNT_SUSPENDED"
    assert await settle(api, small.owner, "sendCommit", reservation) == "ACCOUNT_SUSPENDED"
    assert await world.state(small.master) == before
    assert await settle(api, small.owner, "sendVoid", reservation) == "", "giving back is never forbidden"


async def test_nobody_left_to_send_to(api: Api, small: Brand, world: World) -> None:
    before = await world.state(small.master)
    for names in ((), ("not an address", "")):
        assert (await reserve(api, small.owner, small.us, *names)).code == "BAD_USER_INPUT"
    assert await world.state(small.master) == before


async def test_a_preview_is_what_is_booked(api: Api, small: Brand, world: World) -> None:
    """N11: and it books nothing."""
    await reserved(api, small.owner, small.uk, "ann")
    values = booking(small.us, "ann", "bob", "bob", "no address")
    del values["idempotencyKey"]
    before = await world.state(small.master)
    assert (await api.read(_PREVIEW, small.owner, **values))["sendPreview"] == {
        "recipients": 2,
        "newContacts": 1,
        "activeContacts": 1,
        "refused": [{"index": 2, "fault": "DUPLICATE"}, {"index": 3, "fault": "MALFORMED"}],
        "contactsLeft": 0,
        "sendsLeft": 17,
        "price": "0",
        "invoicedAccount": {"id": small.master.id},
        "warnings": [],
    }
    assert await world.state(small.master) == before
    made = await reserve(api, small.owner, small.us, "ann", "bob", "bob", "no address")
    assert made.payload["reservation"]["newContacts"] == 1
    assert await used(api, small.owner, small.us) == (2, 3)


async def test_a_preview_warns(api: Api, brand: Brand, world: World) -> None:
    """R95, R96; who does not reach the account that pays does not see it."""
    await subscribe(world, brand.master, await make_plan(world, sends=2, send_price=10))
    marketer = await world.member(brand.us, BuiltinRole.MARKETER)
    await budget_set(api, brand.owner, brand.us, 2)
    values = booking(brand.us, "ann", "bob", "carl")
    del values["idempotencyKey"]
    shown = (await api.read(_PREVIEW, marketer, **values))["sendPreview"]
    assert shown["warnings"] == ["CONTACT_LIMIT", "BEYOND_PLAN", "SEND_CAP", "INSUFFICIENT_CREDIT"]
    left = (shown["contactsLeft"], shown["sendsLeft"], shown["price"], shown["invoicedAccount"])
    assert left == (-1, -1, "10", None)
    empty = await api.read(_PREVIEW, marketer, **{**values, "recipients": []})
    assert empty["sendPreview"]["warnings"] == ["NO_RECIPIENTS"]
    other = await api.ask(_PREVIEW, marketer, **{**values, "stream": "TRANSACTIONAL"})
    assert (other.data, other.codes) == ({"sendPreview": None}, ["FORBIDDEN"])
    await world.set_status(brand.us, AccountStatus.SUSPENDED)
    suspended = await api.read(_PREVIEW, marketer, **{**values, "recipients": []})
    assert suspended["sendPreview"]["warnings"] == ["ACCOUNT_NOT_ACTIVE", "NO_RECIPIENTS"]
