"""The same contacts in several requests at once: each has one outcome, and nobody waits for ever (T33)."""

import asyncio
import itertools
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import new_id
from models.contacts.tables import contact_attributes, contact_list_members, contacts
from tests.areas.contacts.asking import contacts_of, create_list, outcomes, upsert, upserted
from tests.client.api import Api
from tests.client.mutations import attempt, code_of
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import Account, Member, World


@pytest.fixture
async def account(world: World) -> Account:
    """A subaccount."""
    return await world.account(await world.account())


@pytest.fixture
async def marketer(world: World, account: Account) -> Member:
    """Who writes its contacts."""
    return await world.member(account, BuiltinRole.MARKETER)


def _many(number: int, count: int = 100) -> list[dict[str, Any]]:
    return [
        {"email": f"{number}-{each}@example.com", "externalId": f"{number}-{each}"} for each in range(count)
    ]


async def test_the_same_new_contacts_at_once(api: Api, account: Account, marketer: Member) -> None:
    """Each is created once, in whatever order they are named."""
    for number in range(ROUNDS):
        given = _many(number)
        orders = [given, given[::-1], given[50:] + given[:50]]
        found = await at_once(*[upserted(api, marketer, account, *order) for order in orders])
        assert set(found[0]) == set(found[1]) == set(found[2])
        assert found[0] == found[1][::-1]
        assert len(await contacts_of(api, marketer, account)) == 100 * (number + 1)


async def test_known_contacts_in_opposite_order(api: Api, account: Account, marketer: Member) -> None:
    """They are locked in one order, so that nobody waits for who waits for it."""
    await upserted(api, marketer, account, *_many(0))
    for number in range(ROUNDS):
        changed = [[one | {"phone": f"+4670{number}{place:06}"} for place, one in enumerate(_many(0))]]
        changed.append([one | {"email": f"new-{number}-{one['email']}"} for one in reversed(_many(0))])
        found = await at_once(*[outcomes(api, marketer, account, *given) for given in changed])
        assert set(itertools.chain(*found)) == {"UPDATED"}
    stored = await contacts_of(api, marketer, account)
    assert {contact["version"] for contact in stored} == {1 + 2 * ROUNDS}


async def test_new_contacts_that_share_other_things_in_other_orders(
    api: Api, account: Account, marketer: Member
) -> None:
    """By no order alone are all of these sorted alike."""
    for number in range(ROUNDS):
        ids = [f"{number}-{each}" for each in range(30)]
        addresses = [f"{number}-{each}@example.com" for each in range(30)]
        by_id = [{"externalId": id_, "email": email} for id_, email in zip(ids, addresses[::-1], strict=True)]
        by_mail = [{"email": email} for email in addresses]
        found = await at_once(
            outcomes(api, marketer, account, *by_id), outcomes(api, marketer, account, *by_mail)
        )
        assert set(itertools.chain(*found)) <= {"CREATED", "UPDATED", "UNCHANGED"}
    assert len(await contacts_of(api, marketer, account)) == 30 * ROUNDS


async def test_addresses_are_given_by_one_request_at_a_time(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """Two that give the same ones in opposite order would else wait for each other. The second one finds what
    the first one has created."""
    given = _many(0)
    gate = Gate("INSERT INTO contacts")
    first = asyncio.create_task(gate.holding(outcomes(api, marketer, account, *given)))
    await gate.reached()
    changed = [one | {"phone": f"+4670{place:07}"} for place, one in enumerate(given[::-1])]
    second = asyncio.create_task(outcomes(api, marketer, account, *changed))
    assert await waits(second, world.database)
    gate.open()
    assert set(await first) == {"CREATED"}
    assert set(await second) == {"UPDATED"}


async def test_an_address_that_another_request_gives_at_this_moment(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """It refuses this contact alone; the others of the request are done. So does an update's."""
    ids = await upserted(api, marketer, account, *_many(0, 2))
    gate = Gate("INSERT INTO contacts")
    first = asyncio.create_task(gate.holding(outcomes(api, marketer, account, {"email": "new@example.com"})))
    await gate.reached()
    given = [{"externalId": "0-0", "email": "new@example.com"}, {"email": "bo@example.com"}]
    second = asyncio.create_task(outcomes(api, marketer, account, *given))
    assert await waits(second, world.database)
    update = {"contactId": ids[1], "expectedVersion": 1, "email": "NEW@example.com"}
    third = asyncio.create_task(attempt(api, "contactUpdate", marketer, **update))
    await asyncio.sleep(0)
    gate.open()
    assert await first == ["CREATED"]
    assert await second == ["CONFLICT", "CREATED"]
    made = await third
    assert (made.code, made.named) == ("CONFLICT", "email")
    assert len(await contacts_of(api, marketer, account)) == 4


async def test_other_accounts_do_not_wait(api: Api, world: World, account: Account, marketer: Member) -> None:
    """Nor does an erasure."""
    (id_,) = await upserted(api, marketer, account, *_many(0, 1))
    sibling = await world.account(await world.account())
    key = await world.api_key(sibling)
    gate = Gate("INSERT INTO contacts")
    first = asyncio.create_task(gate.holding(outcomes(api, marketer, account, *_many(1, 1))))
    await gate.reached()
    assert await outcomes(api, key, sibling, *_many(1, 1)) == ["CREATED"]
    assert await code_of(api, "contactErase", marketer, contactId=id_) == ""
    gate.open()
    assert await first == ["CREATED"]


async def test_an_upsert_against_an_update_that_gives_one_the_address_of_the_other(
    api: Api, account: Account, marketer: Member
) -> None:
    for number in range(ROUNDS):
        one, two = _many(number, 2)
        first, _ = await upserted(api, marketer, account, one, two)
        moved = {"contactId": first, "expectedVersion": 1, "email": f"{number}-moved@example.com"}
        takes = {"externalId": two["externalId"], "email": one["email"]}
        code, (result,) = await asyncio.gather(
            code_of(api, "contactUpdate", marketer, **moved), upsert(api, marketer, account, takes)
        )
        assert (code, result.code or result.outcome) in {("", "UPDATED"), ("", "CONFLICT")}
        stored = [contact["emailCanonical"] for contact in await contacts_of(api, marketer, account)]
        assert len(stored) == len(set(stored)) == 2 * (number + 1)


async def test_two_updates_swap_addresses_of_two_contacts(
    api: Api, account: Account, marketer: Member
) -> None:
    """Neither gets what the other has; nobody waits for who waits for it."""
    for number in range(ROUNDS):
        one, two = _many(number, 2)
        ids = await upserted(api, marketer, account, one, two)
        found = await at_once(
            *[
                attempt(api, "contactUpdate", marketer, contactId=id_, email=other["email"])
                for id_, other in zip(ids, (two, one), strict=True)
            ]
        )
        assert [(made.code, made.named) for made in found] == [("CONFLICT", "email")] * 2


async def test_of_two_updates_one_is_made(api: Api, account: Account, marketer: Member) -> None:
    for number in range(ROUNDS):
        (id_,) = await upserted(api, marketer, account, *_many(number, 1))
        given = [{"email": f"{number}-{each}@new.example"} for each in range(3)]
        codes = await at_once(
            *[
                code_of(api, "contactUpdate", marketer, contactId=id_, expectedVersion=1, **values)
                for values in given
            ]
        )
        assert sorted(codes) == ["", "CONFLICT", "CONFLICT"]


async def test_an_update_against_an_erasure(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """In the end the person is gone, with all places in lists."""
    news = await create_list(api, marketer, account, "News")
    for number in range(ROUNDS):
        (id_,) = await upserted(api, marketer, account, *_many(number, 1))
        update = {"contactId": id_, "email": f"{number}@new.example", "addToLists": [news]}
        updated, erased = await at_once(
            code_of(api, "contactUpdate", marketer, **update, expectedVersion=1),
            code_of(api, "contactErase", marketer, contactId=id_),
        )
        assert (updated, erased) in {("", ""), ("NOT_FOUND", "")}
        assert await _left(world, account) == (0, 0)


async def test_an_upsert_against_an_erasure(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """The contact is changed and erased, or erased and created anew, whole."""
    news = await create_list(api, marketer, account, "News")
    for number in range(ROUNDS):
        (given,) = _many(number, 1)
        (id_,) = await upserted(api, marketer, account, given)
        changed = given | {"phone": f"+4670{number:07}", "addToLists": [news]}
        (outcome,), erased = await asyncio.gather(
            outcomes(api, marketer, account, changed), code_of(api, "contactErase", marketer, contactId=id_)
        )
        assert (outcome, erased) in {("UPDATED", ""), ("CREATED", "")}
        left = 1 if outcome == "CREATED" else 0
        assert await _left(world, account) == (left, left)
        for contact in await contacts_of(api, marketer, account):
            await code_of(api, "contactErase", marketer, contactId=contact["id"])


async def test_an_upsert_into_a_list_that_is_deleted(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """It is added before, or told that the list is not there."""
    for number in range(ROUNDS):
        news = await create_list(api, marketer, account, "News")
        (given,) = _many(number, 1)
        (result,), deleted = await asyncio.gather(
            upsert(api, marketer, account, given | {"addToLists": [news]}),
            code_of(api, "contactListDelete", marketer, contactListId=news),
        )
        assert deleted == ""
        assert (result.code, result.field) in {("", None), ("NOT_FOUND", "addToLists")}
        stored = await contacts_of(api, marketer, account)
        assert [contact["lists"] for contact in stored] == [[]] * len(stored)


async def test_the_hundredth_attribute_is_created_once(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    place = {"master_id": account.master, "account_id": account.key, "type": "TEXT"}
    rows = [place | {"id": new_id(), "name": f"attribute {number}"} for number in range(99)]
    async with world.database.begin() as connection:
        await connection.execute(insert(contact_attributes), rows)
    values = {"accountId": account.id, "type": "TEXT"}
    codes = await at_once(
        *[code_of(api, "contactAttributeCreate", marketer, **values, name=f"new {n}") for n in range(3)]
    )
    assert sorted(codes) == ["", "FAILED_PRECONDITION", "FAILED_PRECONDITION"]


async def test_an_attribute_of_one_name_is_created_once(api: Api, account: Account, marketer: Member) -> None:
    for number in range(ROUNDS):
        values = {"accountId": account.id, "name": f"city {number}"}
        codes = await at_once(
            *[
                code_of(api, "contactAttributeCreate", marketer, **values, type=type_)
                for type_ in ("TEXT", "NUMBER", "DATE")
            ]
        )
        assert sorted(codes) == ["", "CONFLICT", "CONFLICT"]


async def _left(world: World, account: Account) -> tuple[int, int]:
    """How many contacts and places in lists the account has."""
    async with world.database.connect() as connection:
        counts = [
            select(func.count()).where(table.c.account_id == account.key)
            for table in (contacts, contact_list_members)
        ]
        return (
            (await connection.execute(counts[0])).scalar_one(),
            (await connection.execute(counts[1])).scalar_one(),
        )
