"""One tree has a domain verified; nobody is told that another has it (N20)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from models.base.ids import new_id
from models.domains.tables import domain_claims, domains
from resolvers.domains.expected_records import ExpectedRecord
from tests.areas.domains.checking import Checking, seen
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import done
from tests.concurrency.gates import Gate, waits
from tests.world.brand import Brand, brand_of
from tests.world.domains import Domain, give_domain, holder_of, new_name
from tests.world.world import World

_ROUNDS = 10


@pytest.fixture
async def others(world: World) -> Brand:
    """Another tree."""
    return await brand_of(world)


async def _both(world: World, brand: Brand, others: Brand) -> tuple[Domain, Domain]:
    """The same name in two trees."""
    name = new_name()
    return await give_domain(world, brand.uk, name), await give_domain(world, others.uk, name)


def _publish(checking: Checking, *of: Domain) -> None:
    """DNS has the records of all of them."""
    values: dict[tuple[str, str], set[str]] = {}
    for each in [record for domain in of for record in domain.expected]:
        values.setdefault((each.type.value, each.name), set()).add(each.value)
    for (kind, name), found in values.items():
        checking.zone.publish(kind, name, *sorted(found))


async def test_of_two_trees_that_prove_it_the_first_has_it(
    brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    """The other one has it as soon as the first gives it up."""
    one, other = await _both(world, brand, others)
    _publish(checking, one, other)
    await checking.run_now(one)
    await checking.run_now(other)
    assert [await checking.status(each) for each in (one, other)] == ["VERIFIED", "PENDING"]
    assert await holder_of(world, one.name) == brand.us.master


@pytest.mark.parametrize("how", ["removed", "closed", "broken"])
async def test_what_is_given_up_another_tree_may_have(
    how: str, api: Api, brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    one, other = await _both(world, brand, others)
    _publish(checking, one, other)
    await checking.run_now(one)
    match how:
        case "removed":
            await done(api, "domainRemove", brand.owner, domainId=one.id)
        case "closed":
            await done(api, "accountClose", brand.owner, accountId=brand.uk.id)
        case "broken":
            _publish(checking, other)
            for _ in range(3):
                await checking.run_next_day(one)
            assert await checking.status(one) == "BROKEN"
    await checking.run_now(other)
    assert await checking.status(other) == "VERIFIED"
    if how == "broken":
        _publish(checking, one, other)
        await checking.run_now(one)
        assert await checking.status(one) == "BROKEN"


async def test_a_domain_in_use_is_told_as_one_that_is_not_proved(
    api: Api, brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    """Record by record, word by word, but for what DNS itself says."""
    one, other = await _both(world, brand, others)
    of_nobody = await give_domain(world, others.us)
    _publish(checking, one, other)
    await checking.run_now(one)
    await checking.run_now(other)
    _publish(checking, of_nobody)
    (ownership,) = [each for each in of_nobody.expected if each.purpose.value == "OWNERSHIP"]
    checking.zone.publish("TXT", ownership.name, "mandant-verification=another")
    await checking.run_now(of_nobody)
    in_use, free = [await _told(api, others, each) for each in (other, of_nobody)]
    assert in_use == free
    assert in_use["OWNERSHIP"] == (
        "WRONG",
        "Not verified: the ownership is not proved here, or the domain is in use.",
    )


async def test_whoever_proves_nothing_learns_nothing(
    api: Api, brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    """A stranger adds somebody's verified domain, and the same name with nothing published: alike."""
    one, other = await _both(world, brand, others)
    of_nobody = await give_domain(world, others.us)
    checking.publish(one)
    await checking.run_now(one)
    await checking.run_now(other)
    for each in of_nobody.expected:
        if each.purpose.value != "DKIM":
            checking.zone.publish(
                each.type.value, each.name, each.value.replace(of_nobody.key.hex, one.key.hex)
            )
    await checking.run_now(of_nobody)
    in_use, free = [await _told(api, others, each) for each in (other, of_nobody)]
    assert in_use == free


async def _told(api: Api, others: Brand, domain: Domain) -> dict[str, Any]:
    records = (await seen(api, others.owner, domain.id))["records"]
    return {record["purpose"]: (record["status"], record["problem"]) for record in records}


async def test_accounts_of_one_tree_may_share_a_domain(
    api: Api, brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    """Each proves it, with a key of its own; the tree keeps it until the last of them gives it up."""
    one, stranger = await _both(world, brand, others)
    other = await give_domain(world, brand.us, one.name)
    _publish(checking, one, other, stranger)
    for each in (one, other, stranger):
        await checking.run_now(each)
    assert [await checking.status(each) for each in (one, other, stranger)] == [
        *("VERIFIED", "VERIFIED", "PENDING")
    ]
    await done(api, "domainRemove", brand.owner, domainId=one.id)
    await checking.run_now(stranger)
    assert await checking.status(stranger) == "PENDING"
    await done(api, "domainRemove", brand.owner, domainId=other.id)
    await checking.run_now(stranger)
    assert await checking.status(stranger) == "VERIFIED"


async def test_two_workers_verify_it_for_two_trees_at_once(
    brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    """Exactly one wins, and both workers end."""
    for _ in range(_ROUNDS):
        one, other = await _both(world, brand, others)
        _publish(checking, one, other)
        await asyncio.gather(checking.run_now(one), checking.run_now(other))
        statuses = [await checking.status(each) for each in (one, other)]
        assert sorted(statuses) == ["PENDING", "VERIFIED"]
        winner = one if statuses[0] == "VERIFIED" else other
        assert await holder_of(world, one.name) == winner.account.master


async def test_the_tree_that_comes_second_by_a_moment_is_told_nothing_else(
    api: Api, brand: Brand, others: Brand, world: World, checking: Checking
) -> None:
    """Its worker waits for the first one's transaction. It reads the same as whoever proves nothing."""
    one, other = await _both(world, brand, others)
    of_nobody = await give_domain(world, others.us)
    _publish(checking, one, other, of_nobody)
    (ownership,) = [each for each in of_nobody.expected if each.purpose.value == "OWNERSHIP"]
    checking.zone.publish("TXT", ownership.name, *[each.value for each in _ownerships(one, other)])
    await checking.make_due(one)
    gate = Gate("COMMIT", after=1)
    first = asyncio.create_task(gate.holding(checking.run(one.account, one.id)))
    await gate.reached()
    second = asyncio.create_task(checking.run_now(other))
    assert await waits(second, world.database)
    gate.open()
    await asyncio.gather(first, second)
    await checking.run_now(of_nobody)
    assert [await checking.status(each) for each in (one, other)] == ["VERIFIED", "PENDING"]
    assert await holder_of(world, one.name) == one.account.master
    in_use, free = [await _told(api, others, each) for each in (other, of_nobody)]
    assert in_use == free
    assert in_use["OWNERSHIP"][0] == "WRONG"
    kinds = [await events_of(api, each.owner, each.uk.id) for each in (brand, others)]
    assert [[event["type"] for event in found] for found in kinds] == [["DOMAIN_VERIFIED"], []]


def _ownerships(*of: Domain) -> list[ExpectedRecord]:
    return [each for domain in of for each in domain.expected if each.purpose.value == "OWNERSHIP"]


async def test_one_gives_it_up_while_another_account_of_the_tree_verifies_it(
    api: Api, brand: Brand, world: World, checking: Checking
) -> None:
    """Whichever is first, the tree has it in the end."""
    for _ in range(_ROUNDS):
        name = new_name()
        one, other = await give_domain(world, brand.us, name), await give_domain(world, brand.uk, name)
        _publish(checking, one, other)
        await checking.run_now(one)
        await asyncio.gather(done(api, "domainRemove", brand.owner, domainId=one.id), checking.run_now(other))
        assert await checking.status(other) == "VERIFIED"
        assert await holder_of(world, name) == brand.us.master
        await done(api, "domainRemove", brand.owner, domainId=other.id)
        assert await holder_of(world, name) is None


async def test_a_claim_that_is_being_taken_is_not_given_up(
    api: Api, brand: Brand, world: World, checking: Checking
) -> None:
    """The one who gives it up waits, and then sees that another account of the tree needs it."""
    name = new_name()
    one, other = await give_domain(world, brand.us, name), await give_domain(world, brand.uk, name)
    _publish(checking, one, other)
    await checking.run_now(one)
    await checking.make_due(other)
    gate = Gate("COMMIT", after=1)
    verifying = asyncio.create_task(gate.holding(checking.run(other.account, other.id)))
    await gate.reached()
    removing = asyncio.create_task(done(api, "domainRemove", brand.owner, domainId=one.id))
    assert await waits(removing, world.database)
    gate.open()
    await asyncio.gather(verifying, removing)
    assert await checking.status(other) == "VERIFIED"
    assert await holder_of(world, name) == brand.us.master


async def test_the_same_job_twice_at_once(brand: Brand, world: World, checking: Checking) -> None:
    domain = await give_domain(world, brand.us)
    checking.publish(domain)
    await checking.make_due(domain)
    await asyncio.gather(*[checking.run(domain.account, domain.id) for _ in range(3)])
    assert await checking.status(domain) == "VERIFIED"


async def test_the_database_refuses_what_the_code_never_does(
    brand: Brand, others: Brand, world: World
) -> None:
    """A second claim; a verified domain without one; a claim that goes while it is needed."""
    domain = await give_domain(world, brand.us, verified=True)
    theirs = await give_domain(world, others.us, domain.name)
    async with world.database.connect() as connection:
        statement = select(domain_claims.c.id).where(domain_claims.c.name == domain.name)
        claim_id = (await connection.execute(statement)).scalar_one()
    second = {"id": new_id(), "name": domain.name, "master_id": others.us.master}
    for wrong in (
        insert(domain_claims).values(second),
        update(domains).where(domains.c.id == theirs.key).values(status="VERIFIED"),
        update(domains).where(domains.c.id == domain.key).values(claim_id=None),
        domain_claims.delete().where(domain_claims.c.id == claim_id),
    ):
        with pytest.raises(IntegrityError):
            async with world.database.begin() as connection:
                await connection.execute(wrong)
