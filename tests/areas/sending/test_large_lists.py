"""Sending to an uploaded list: the same as to its recipients one by one, without a row that leaves the
database (N11, T17, T21)."""

import hashlib
import threading
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.sending.address_hash import MOST_IN_A_REQUEST, read_recipients
from schema.sending import audiences
from server.embedded_postgres.credentials import DatabaseAddresses
from tests.by_day import by_night_alone
from tests.client.api import Api, Caller
from tests.client.mutations import Attempt, attempt
from tests.engine.statements import statements
from tests.world import recipients
from tests.world.brand import Brand
from tests.world.plans import make_plan, subscribe
from tests.world.recipients import let_lists_end, uploaded
from tests.world.sends import SHOWN, booking, check_counts, let_expire, reserve, reserved, settle, used
from tests.world.world import Account, World

pytestmark = by_night_alone

_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!],
  $recipientHashes: [String!], $recipientListId: ID) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients,
    recipientHashes: $recipientHashes, recipientListId: $recipientListId) {
    recipients newContacts activeContacts contactsLeft sendsLeft price warnings refused { index } } }"""
_MANY = 20_000


@pytest.fixture
async def large(brand: Brand, world: World) -> Brand:
    """The brand with a plan of many contacts."""
    plan = await make_plan(world, active_contacts=_MANY, sends=10 * _MANY)
    await subscribe(world, brand.master, plan)
    return brand


def _to(account: Account, list_id: str | None, key: str = "", stream: str = "MARKETING") -> dict[str, Any]:
    return booking(account, key=key, stream=stream) | {"recipients": None, "recipientListId": list_id}


def _numbered(number: int) -> str:
    return recipients.addresses(*[f"n{n}" for n in range(number)])


async def _reserve(api: Api, caller: Caller, account: Account, list_id: str, key: str = "") -> Attempt:
    return await attempt(api, "sendReserve", caller, SHOWN, **_to(account, list_id, key))


async def _preview(api: Api, caller: Caller, values: dict[str, Any]) -> Any:
    asked = {name: value for name, value in values.items() if name != "idempotencyKey"}
    return (await api.read(_PREVIEW, caller, **asked))["sendPreview"]


async def test_a_list_is_its_recipients(api: Api, large: Brand, database: AsyncEngine) -> None:
    """Whoever is active already is not counted again; a void and an expiry give all of it back."""
    await reserved(api, large.owner, large.uk, "ann", "bob")
    made = await uploaded(api, large.owner, large.us, recipients.addresses("bob", "carl", "dora", "carl"))
    by_list = await _preview(api, large.owner, _to(large.us, made))
    assert by_list == await _preview(api, large.owner, booking(large.us, "bob", "carl", "dora"))
    assert (by_list["newContacts"], by_list["activeContacts"]) == (2, 1)
    for ending in ("void", "expiry"):
        first = await _reserve(api, large.owner, large.us, made)
        shown = first.payload["reservation"]
        assert (shown["recipients"], shown["newContacts"]) == (3, 2)
        assert await used(api, large.owner, large.us) == (4, 5)
        if ending == "void":
            assert await settle(api, large.owner, "sendVoid", shown["id"]) == ""
        else:
            await let_expire(database, large.us)
            assert await settle(api, large.owner, "sendCommit", shown["id"]) == "RESERVATION_EXPIRED"
    last = await _reserve(api, large.owner, large.us, made)
    again = await _reserve(api, large.owner, large.us, made)
    assert again.payload["reservation"]["newContacts"] == 0
    assert await settle(api, large.owner, "sendVoid", last.payload["reservation"]["id"]) == ""
    assert await settle(api, large.owner, "sendCommit", again.payload["reservation"]["id"]) == ""
    assert await used(api, large.owner, large.us) == (4, 5)
    await check_counts(database, large.master)


async def test_many_take_the_statements_of_few(api: Api, large: Brand, database: AsyncEngine) -> None:
    """Set-based: nothing is read or written one by one, whether all are new, active or held by others."""
    few = await uploaded(api, large.owner, large.uk, recipients.addresses("ann"))
    many = await uploaded(api, large.owner, large.us, _numbered(_MANY - 1))
    begun = await _reserve(api, large.owner, large.uk, few)
    reservation_id = begun.payload["reservation"]["id"]
    assert await settle(api, large.owner, "sendVoid", reservation_id) == "", "now the cycle has begun"
    counts = []
    for account, list_id in ((large.uk, few), (large.us, many)) * 2:
        with statements() as seen:
            made = await _reserve(api, large.owner, account, list_id)
        assert made.done
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[2] + 1 == counts[3], "what may not fit is counted before it is written"
    assert await used(api, large.owner, large.us) == (_MANY, 2 * _MANY)
    await check_counts(database, large.master)
    with statements() as of_many:
        told = await _preview(api, large.owner, _to(large.us, many))
    assert (told["recipients"], told["activeContacts"]) == (_MANY - 1, _MANY - 1)
    with statements() as of_few:
        await _preview(api, large.owner, _to(large.uk, few))
    assert len(of_many) == len(of_few)


async def test_too_many_for_the_cycle_change_nothing(api: Api, large: Brand, world: World) -> None:
    """All or nothing."""
    await reserved(api, large.owner, large.uk, "ann")
    made = await uploaded(api, large.owner, large.us, _numbered(_MANY))
    before = await world.state(large.master)
    assert (await _reserve(api, large.owner, large.us, made)).code == "CONTACT_LIMIT_REACHED"
    assert await world.state(large.master) == before
    told = await _preview(api, large.owner, _to(large.us, made))
    assert (told["warnings"], told["contactsLeft"]) == (["CONTACT_LIMIT"], -1)


async def test_the_same_key_books_a_list_once(
    api: Api, large: Brand, world: World, database: AsyncEngine
) -> None:
    """T17: also once it has ended; another list, or its recipients told otherwise, is another request."""
    made = await uploaded(api, large.owner, large.us, recipients.addresses("ann"))
    other = await uploaded(api, large.owner, large.us, recipients.addresses("ann"))
    first = await _reserve(api, large.owner, large.us, made, key="one")
    assert (await _reserve(api, large.owner, large.us, made, key="one")).payload["replayed"]
    before = await world.state(large.master)
    for again in (
        await _reserve(api, large.owner, large.us, other, key="one"),
        await reserve(api, large.owner, large.us, "ann", key="one"),
    ):
        assert again.code == "IDEMPOTENCY_MISMATCH"
    assert await world.state(large.master) == before
    await let_lists_end(database, large.us, hours=2)
    await uploaded(api, large.owner, large.uk, recipients.addresses("ann"))
    late = await _reserve(api, large.owner, large.us, made, key="one")
    assert late.payload == first.payload | {"replayed": True}


async def test_a_list_is_its_accounts_and_ends(
    api: Api, large: Brand, world: World, database: AsyncEngine
) -> None:
    """Not the account's above, below or beside it; a preview answers alike."""
    made = await uploaded(api, large.owner, large.us, recipients.addresses("ann"))
    for account in (large.master, large.uk, large.store):
        before = await world.state(large.master)
        assert (await _reserve(api, large.owner, account, made)).code == "NOT_FOUND"
        assert await world.state(large.master) == before
        asked = _to(account, made)
        del asked["idempotencyKey"]
        assert (await api.ask(_PREVIEW, large.owner, **asked)).codes == ["NOT_FOUND"]
    await let_lists_end(database, large.us, seconds=1)
    before = await world.state(large.master)
    assert (await _reserve(api, large.owner, large.us, made)).code == "NOT_FOUND"
    assert await world.state(large.master) == before
    asked = _to(large.us, made)
    del asked["idempotencyKey"]
    assert (await api.ask(_PREVIEW, large.owner, **asked)).codes == ["NOT_FOUND"]


async def test_who_may_not_send_learns_nothing_of_a_list(api: Api, large: Brand, world: World) -> None:
    """The right is asked first: a list that is there and one that is not answer alike."""
    made = await uploaded(api, large.owner, large.us, recipients.addresses("ann"))
    key = await world.api_key(large.us, scopes=1)
    for list_id in (made, f"rcpl_{large.us.key}"):
        refused = await attempt(api, "sendReserve", key, SHOWN, **_to(large.us, list_id))
        assert refused.code == "FORBIDDEN"
        asked = _to(large.us, list_id)
        del asked["idempotencyKey"]
        assert (await api.ask(_PREVIEW, key, **asked)).codes == ["FORBIDDEN"]


async def test_recipients_are_told_in_one_way(api: Api, large: Brand, world: World) -> None:
    made = await uploaded(api, large.owner, large.us, recipients.addresses("ann"))
    hashed = hashlib.sha256(b"ann@example.com").hexdigest()
    ways = {"recipients": ["ann@example.com"], "recipientHashes": [hashed], "recipientListId": made}
    before = await world.state(large.master)
    none = dict.fromkeys(ways)
    for left_out in (None, *ways):
        values = booking(large.us) | {**ways, **({} if left_out is None else {left_out: None})}
        for asked in (values, booking(large.us) | none):
            assert (await attempt(api, "sendReserve", large.owner, SHOWN, **asked)).code == "BAD_USER_INPUT"
            del asked["idempotencyKey"]
            assert (await api.ask(_PREVIEW, large.owner, **asked)).codes == ["BAD_USER_INPUT"]
    assert await world.state(large.master) == before
    for way, value in ways.items():
        asked = booking(large.us) | none | {way: value}
        assert (await attempt(api, "sendReserve", large.owner, SHOWN, **asked)).done, way


async def test_a_request_names_so_many_and_no_more(
    api: Api, large: Brand, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in a thread, so that others are answered meanwhile."""
    threads: list[int] = []

    def noted(*arguments: Any) -> Any:
        threads.append(threading.get_ident())
        return read_recipients(*arguments)

    monkeypatch.setattr(audiences, "read_recipients", noted)
    names = [f"n{number}" for number in range(MOST_IN_A_REQUEST + 1)]
    hashes = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    before = await world.state(large.master)
    assert (await reserve(api, large.owner, large.us, *names)).code == "BAD_USER_INPUT"
    by_hash = booking(large.us) | {"recipients": None, "recipientHashes": hashes}
    assert (await attempt(api, "sendReserve", large.owner, SHOWN, **by_hash)).code == "BAD_USER_INPUT"
    assert (await world.state(large.master), threads) == (before, [])
    assert (await reserve(api, large.owner, large.us, *names[:-1])).done
    assert threading.get_ident() not in threads
    assert threads


async def test_claims_of_many_are_handed_over_and_taken(
    api: Api, large: Brand, database: AsyncEngine
) -> None:
    """T21: however many contacts two campaigns share, and whatever the planner takes for granted."""
    shared = _MANY // 2
    many = await uploaded(api, large.owner, large.us, _numbered(shared))
    booked = []
    for _ in range(3):
        made = await _reserve(api, large.owner, large.us, many)
        booked.append(made.payload["reservation"]["id"])
    with statements() as seen:
        assert await settle(api, large.owner, "sendVoid", booked[0]) == ""
        assert await settle(api, large.owner, "sendCommit", booked[2]) == ""
    assert len(seen) < 60
    assert await settle(api, large.owner, "sendVoid", booked[1]) == ""
    assert await used(api, large.owner, large.us) == (shared, shared)
    await check_counts(database, large.master)


async def test_plans_that_were_made_for_few_serve_many(
    api: Api, large: Brand, database: AsyncEngine, addresses: DatabaseAddresses
) -> None:
    """A connection keeps its plans while the tables grow: what was planned for three rows may not compare
    each contact with each."""
    for number in (2, _MANY // 2):
        many = await uploaded(api, large.owner, large.us, _numbered(number))
        for _ in range(3):
            settled = await _three_on_one_list(api, large, many)
            assert settled == ["", "", ""]
            if number == 2:
                await _note_statistics(addresses)
    assert await used(api, large.owner, large.us) == (_MANY // 2, 3 * 2 + 3 * (_MANY // 2))
    await check_counts(database, large.master)


async def _three_on_one_list(api: Api, large: Brand, list_id: str) -> list[str]:
    """The refusals of a void, a commit and a void of three reservations."""
    booked = []
    for _ in range(3):
        made = await _reserve(api, large.owner, large.us, list_id)
        booked.append(made.payload["reservation"]["id"])
    return [
        await settle(api, large.owner, "sendVoid", booked[0]),
        await settle(api, large.owner, "sendCommit", booked[2]),
        await settle(api, large.owner, "sendVoid", booked[1]),
    ]


async def _note_statistics(addresses: DatabaseAddresses) -> None:
    """As autovacuum does: from then on small tables are known to be small."""
    owner = await asyncpg.connect(addresses.owner)
    try:
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()
