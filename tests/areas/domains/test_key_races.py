"""Replacing a key for DKIM while others replace it, take it or remove the domain."""

import asyncio

import pytest

from models.domains.tables import DnsRecordType
from resolvers.domains.dns import Dns
from tests.areas.domains.checking import Checking, found_of
from tests.areas.domains.keys import belongs_to, key_of, publish, replaced
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.concurrency.gates import Gate, waits
from tests.world.brand import Brand
from tests.world.domains import Domain, give_domain
from tests.world.world import World

_ROUNDS = 5


@pytest.fixture
async def domain(brand: Brand, world: World, checking: Checking) -> Domain:
    """A verified one whose records are all there."""
    made = await give_domain(world, brand.us, verified=True)
    checking.publish(made)
    return made


async def _number_of(api: Api, brand: Brand, kind: str) -> int:
    return len(await events_of(api, brand.owner, brand.us.id, kind))


async def test_several_workers_take_a_key_once(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    publish(checking, record := await replaced(api, brand, domain))
    await asyncio.gather(*[checking.run(domain.account, domain.id) for _ in range(3)])
    assert belongs_to(await key_of(world, domain), record, checking)
    assert await _number_of(api, brand, "DOMAIN_KEY_REPLACED") == 1


async def test_people_who_replace_it_at_once_have_one_key_wait(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    """The one of whoever was last; the record that is shown is of this key."""
    for _ in range(_ROUNDS):
        first, second = await asyncio.gather(*[replaced(api, brand, domain) for _ in range(2)])
        waiting = (await key_of(world, domain)).next_selector
        (last,) = [each for each in (first, second) if each["name"].startswith(f"{waiting}.")]
        publish(checking, last)
        await checking.run(domain.account, domain.id)
        assert belongs_to(await key_of(world, domain), last, checking)


async def test_a_key_that_is_given_up_meanwhile_is_not_taken(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    """A check has found its record already when another key replaces it."""
    old = await key_of(world, domain)
    publish(checking, await replaced(api, brand, domain))

    class _Replacing(Dns):
        async def look_up(self, name: str, kind: DnsRecordType) -> list[str] | None:
            answer = await checking.dns.look_up(name, kind)
            if name.startswith("_mandant."):
                await replaced(api, brand, domain)
            return answer

    meanwhile = Checking(checking.application, checking.world, _Replacing(), checking.zone, checking.keyring)
    await meanwhile.run(domain.account, domain.id)
    row = await key_of(world, domain)
    assert (row.selector, row.private_key) == (old.selector, old.private_key)
    assert row.next_selector is not None
    assert (await found_of(api, brand.owner, domain.id))["DKIM_NEXT"] is None


async def test_whoever_replaces_a_key_waits_while_the_one_before_is_taken(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    """Both happen: one key is used, the other one waits."""
    publish(checking, first := await replaced(api, brand, domain))
    gate = Gate("COMMIT", after=1)
    checks = asyncio.create_task(gate.holding(checking.run(domain.account, domain.id)))
    await gate.reached()
    replaces = asyncio.create_task(replaced(api, brand, domain))
    assert await waits(replaces, world.database)
    gate.open()
    _, second = await asyncio.gather(checks, replaces)
    row = await key_of(world, domain)
    assert belongs_to(row, first, checking)
    assert second["name"].startswith(f"{row.next_selector}.")


async def test_a_domain_that_is_removed_meanwhile_keeps_no_key(
    api: Api, brand: Brand, world: World, checking: Checking
) -> None:
    """Whether a worker takes the new key first, or finds nothing to take it for."""
    for _ in range(_ROUNDS):
        domain = await give_domain(world, brand.us, verified=True)
        checking.publish(domain)
        publish(checking, await replaced(api, brand, domain))
        await asyncio.gather(
            checking.run(domain.account, domain.id),
            done(api, "domainRemove", brand.owner, domainId=domain.id),
        )
        refused = await attempt(api, "domainKeyReplace", brand.owner, domainId=domain.id)
        assert (refused.code, refused.named) == ("NOT_FOUND", "domainId")
