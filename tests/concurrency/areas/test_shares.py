"""Shares that are given, accepted, changed, ended and given back at once: each has one outcome (T8, T14)."""

import asyncio
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, mails_to
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.concurrency.gates import Gate, waits
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.brand import Brand, brand_of, given, offer_of, seen_by
from tests.world.shares import Given, Share, give_share
from tests.world.world import Person, World


async def _statuses(api: Api, brand: Brand, person: Person) -> list[str]:
    query = "query ($id: ID!) { account(id: $id) { shares { nodes { email status } } } }"
    nodes = (await api.read(query, brand.owner, id=brand.us.id))["account"]["shares"]["nodes"]
    return [node["status"] for node in nodes if node["email"] == person.email]


async def _waiting(world: World, brand: Brand) -> tuple[Person, Share]:
    person = await world.person()
    accounts = [brand.us, brand.uk]
    return person, await give_share(world, accounts, person, brand.owner.person, Given(accepted=False))


def _accept(api: Api, person: Caller, share: Share) -> Any:
    return code_of(api, "shareAccept", person, token=share.token)


async def test_two_acceptances_are_one(api: Api, world: World) -> None:
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person, share = await _waiting(world, brand)
        codes = await at_once(*[_accept(api, person, share) for _ in range(3)])
        assert sorted(codes) == ["", "SHARE_USED", "SHARE_USED"]
        assert (await seen_by(api, person)).keys() == {brand.us.id, brand.uk.id}
    assert len(await events_of(api, brand.owner, brand.us.id, "SHARE_ACCEPTED")) == ROUNDS


async def test_an_acceptance_and_a_revocation(api: Api, world: World) -> None:
    """Whatever is first, in the end nothing is open."""
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person, share = await _waiting(world, brand)
        accepted, revoked = await at_once(
            _accept(api, person, share), code_of(api, "shareRevoke", brand.owner, shareId=share.id)
        )
        assert revoked == ""
        assert accepted in {"", "SHARE_REVOKED"}
        assert await seen_by(api, person) == {}
        assert await _statuses(api, brand, person) == ["REVOKED"]


async def test_of_two_changes_one_is_made(api: Api, world: World) -> None:
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person = await world.person()
        share = await give_share(world, [brand.us], person, brand.owner.person)
        change = {"shareId": share.id, "expectedVersion": 1, "areas": ["STATISTICS"]}
        wanted = [[brand.uk.id], [brand.store.id], [brand.us.id, brand.uk.id]]
        attempts = await at_once(
            *[attempt(api, "shareUpdate", brand.owner, **change, accountIds=ids) for ids in wanted]
        )
        (won,) = [number for number, found in enumerate(attempts) if found.done]
        assert (await seen_by(api, person)).keys() == set(wanted[won])
        for lost in attempts[:won] + attempts[won + 1 :]:
            assert lost.code == "CONFLICT"


async def test_one_share_an_address_and_account(api: Api, world: World, database: AsyncEngine) -> None:
    """Of two offers made at once the newer counts; also where they have only one account in common."""
    brand = await brand_of(world)
    other = await world.member(brand.master, BuiltinRole.ADMINISTRATOR)
    for _ in range(ROUNDS):
        person = await world.person()
        codes = await at_once(
            code_of(api, "shareCreate", brand.owner, **offer_of([brand.us, brand.uk], person)),
            code_of(api, "shareCreate", other, **offer_of([brand.us], person)),
        )
        assert codes == ["", ""]
        open_in_us = [status for status in await _statuses(api, brand, person) if status == "PENDING"]
        assert len(open_in_us) == 1
        links = [mail.token for mail in await mails_to(database, person.email)]
        await at_once(*[code_of(api, "shareAccept", person, token=token) for token in links])
        assert [status for status in await _statuses(api, brand, person) if status == "ACTIVE"] == ["ACTIVE"]


async def test_an_offer_and_the_acceptance_of_an_earlier_one(api: Api, world: World) -> None:
    """The earlier one is accepted and the newer refused, or the newer waits and the earlier is revoked."""
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person, share = await _waiting(world, brand)
        offer = offer_of([brand.us, brand.uk], person)
        codes = await at_once(_accept(api, person, share), code_of(api, "shareCreate", brand.owner, **offer))
        outcome = (codes, await _statuses(api, brand, person))
        assert outcome in (
            (["", "ALREADY_SHARED"], ["ACTIVE"]),
            (["SHARE_REVOKED", ""], ["PENDING", "REVOKED"]),
        )


async def test_an_acceptance_waits_for_the_givers_removal(api: Api, world: World) -> None:
    """T14: the giver's right counts at the moment of acceptance."""
    brand = await brand_of(world)
    giver, person = await world.member(brand.us, BuiltinRole.ADMINISTRATOR), await world.person()
    share = await give_share(world, [brand.us], person, giver.person, Given(accepted=False))
    gate = Gate("DELETE FROM memberships")
    removing = asyncio.create_task(gate.holding(code_of(api, "memberRemove", brand.owner, memberId=giver.id)))
    await gate.reached()
    accepting = asyncio.create_task(_accept(api, person, share))
    assert await waits(accepting, world.database)
    gate.open()
    assert (await removing, await accepting) == ("", "SHARE_REVOKED")
    assert await seen_by(api, person) == {}


async def test_a_guests_write_waits_for_the_revocation(api: Api, world: World, database: AsyncEngine) -> None:
    """T8: what is revoked while he writes is not written."""
    brand = await brand_of(world)
    person = await world.person()
    share = await given(api, database, brand, person, offer_of([brand.us], person, BuiltinRole.ADMINISTRATOR))
    gate = Gate("UPDATE shares")
    revoking = asyncio.create_task(
        gate.holding(code_of(api, "shareRevoke", brand.owner, shareId=share["id"]))
    )
    await gate.reached()
    change = {"accountId": brand.us.id, "expectedVersion": 1, "name": "Mine"}
    writing = asyncio.create_task(code_of(api, "accountUpdate", person, **change))
    assert await waits(writing, world.database)
    gate.open()
    assert (await revoking, await writing) == ("", "NOT_FOUND")


async def test_it_is_given_back_or_revoked(api: Api, world: World) -> None:
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person = await world.person()
        share = await give_share(world, [brand.us], person, brand.owner.person)
        left, revoked = await at_once(
            code_of(api, "shareLeave", person, shareId=share.id),
            code_of(api, "shareRevoke", brand.owner, shareId=share.id),
        )
        assert revoked == ""
        assert left in {"", "NOT_FOUND"}
        log = await events_of(api, brand.owner, brand.us.id)
        ends = [event["type"] for event in log if event["subjectId"] == share.id]
        assert ends == (["SHARE_LEFT"] if left == "" else ["SHARE_REVOKED"])


async def test_shares_of_accounts_above_each_other_do_not_wait_in_a_circle(api: Api, world: World) -> None:
    """Whichever accounts they name, in whatever order, beside writes in each of them."""
    brand = await brand_of(world)
    accounts = [brand.master, brand.us, brand.uk, brand.store]
    people = [await world.person() for _ in range(4)]
    shares = [
        code_of(api, "shareCreate", brand.owner, **offer_of(accounts[number:] + accounts[:number], person))
        for number, person in enumerate(people)
    ]
    renames = [
        done(api, "accountUpdate", brand.owner, accountId=account.id, expectedVersion=1, name="Renamed")
        for account in accounts
    ]
    assert (await at_once(*shares, *renames))[:4] == [""] * 4


async def test_a_removal_of_the_person_and_an_acceptance(api: Api, world: World) -> None:
    """Whatever is first, in the end no way in is left."""
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person, share = await _waiting(world, brand)
        await world.member(brand.us, BuiltinRole.ANALYST, person)
        accepted, removed = await at_once(
            _accept(api, person, share),
            code_of(api, "personRemove", brand.owner, accountId=brand.master.id, userId=person.id),
        )
        assert removed == ""
        assert accepted in {"", "SHARE_REVOKED", "ALREADY_MEMBER"}
        assert await seen_by(api, person) == {}
        assert await _statuses(api, brand, person) == ["REVOKED"]


async def test_of_two_removals_of_a_person_one_is_made(api: Api, world: World) -> None:
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        person = (await world.member(brand.store, BuiltinRole.ANALYST)).person
        await world.member(brand.uk, BuiltinRole.ANALYST, person)
        values = {"accountId": brand.master.id, "userId": person.id}
        codes = await at_once(*[code_of(api, "personRemove", brand.owner, **values) for _ in range(3)])
        assert sorted(codes) == ["", "NOT_FOUND", "NOT_FOUND"]
        assert await seen_by(api, person) == {}
    assert len(await events_of(api, brand.owner, brand.uk.id, "MEMBER_REMOVED")) == ROUNDS


async def test_two_owners_who_remove_each_other_leave_one(api: Api, world: World) -> None:
    brand = await brand_of(world)
    for _ in range(ROUNDS):
        account = await world.account(brand.master)
        owners = [await world.member(account, BuiltinRole.OWNER) for _ in range(2)]
        codes = await at_once(
            *[
                code_of(api, "personRemove", mine, accountId=account.id, userId=other.person.id)
                for mine, other in (owners, owners[::-1])
            ]
        )
        assert sorted(codes) in (["", "NOT_FOUND"], ["", "LAST_OWNER"])
