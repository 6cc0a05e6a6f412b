"""When a verified domain breaks, and how it recovers; what a suspended and a closed account keep."""

import pytest
from sqlalchemy import select

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, AccountKey, MasterId
from models.domains.tables import DomainKind, DomainStatus, domains
from resolvers.domains.verified import verified_sending_domains
from tests.areas.domains.checking import Checking
from tests.areas.domains.name_server import Mood
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.brand import Brand
from tests.world.domains import Domain, give_domain, holder_of
from tests.world.world import Account, World


@pytest.fixture
async def domain(brand: Brand, world: World) -> Domain:
    """A verified one."""
    return await give_domain(world, brand.us, verified=True)


async def _kinds(api: Api, brand: Brand) -> list[str]:
    return [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]


@pytest.mark.parametrize("how", ["withdrawn", "silent"])
async def test_three_days_of_failures_break_it(
    how: str, api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    """Name servers may be away for a while; that is told, and nothing else changes meanwhile."""
    checking.publish(domain)
    if how == "withdrawn":
        checking.withdraw(domain)
    else:
        checking.zone.moods = {each.name: Mood.FAILING for each in domain.expected}
    for _ in range(2):
        await checking.run_next_day(domain)
        assert await checking.status(domain) == "VERIFIED"
    assert await _kinds(api, brand) == []
    await checking.run_next_day(domain)
    assert await checking.status(domain) == "BROKEN"
    assert await _kinds(api, brand) == ["DOMAIN_BROKEN"]
    (event,) = await events_of(api, brand.owner, brand.us.id)
    assert (event["actor"], event["before"]) == (None, {"status": "VERIFIED"})
    told = "MISSING" if how == "withdrawn" else "UNREACHABLE"
    assert event["after"]["records"][0] == f"OWNERSHIP {told}"


async def test_whoever_asks_often_does_not_break_it(checking: Checking, domain: Domain) -> None:
    """Of the failures of a day, one counts."""
    for _ in range(9):
        await checking.run_now(domain)
    assert await checking.status(domain) == "VERIFIED"


async def test_a_good_check_in_between_counts(checking: Checking, domain: Domain) -> None:
    for _ in range(3):
        for _ in range(2):
            checking.withdraw(domain)
            await checking.run_next_day(domain)
        checking.publish(domain)
        await checking.run_next_day(domain)
        assert await checking.status(domain) == "VERIFIED"


async def test_one_good_check_mends_it(api: Api, brand: Brand, checking: Checking, domain: Domain) -> None:
    for _ in range(3):
        await checking.run_next_day(domain)
    await checking.run_next_day(domain)
    assert await checking.status(domain) == "BROKEN"
    checking.publish(domain)
    await checking.run_next_day(domain)
    assert await checking.status(domain) == "VERIFIED"
    assert await _kinds(api, brand) == ["DOMAIN_RECOVERED", "DOMAIN_BROKEN"]


async def test_a_suspended_account_keeps_its_domains_and_checks(
    api: Api, brand: Brand, checking: Checking, domain: Domain
) -> None:
    """Nothing can be added or asked for; what the owner withdraws in DNS is noticed all the same."""
    await done(api, "accountSuspend", brand.owner, accountId=brand.us.id)
    assert await code_of(api, "domainVerify", brand.owner, domainId=domain.id) == "ACCOUNT_SUSPENDED"
    checking.publish(domain)
    await checking.run_next_day(domain)
    assert await checking.status(domain) == "VERIFIED"
    checking.withdraw(domain)
    for _ in range(3):
        await checking.run_next_day(domain)
    assert await checking.status(domain) == "BROKEN"


async def test_a_closed_account_has_none(api: Api, brand: Brand, world: World, checking: Checking) -> None:
    """Its tracking domain goes too, and a check that comes too late does nothing."""
    domain = await give_domain(world, brand.uk, verified=True)
    tracking = await give_domain(world, brand.uk, kind=DomainKind.TRACKING, verified=True)
    await checking.make_due(domain)
    selection = "effects { kind count }"
    closed = await done(api, "accountClose", brand.owner, selection, accountId=brand.uk.id)
    assert {"kind": "DOMAINS_REMOVED", "count": 2} in closed["effects"]
    await checking.run(domain.account, domain.id)
    async with world.database.connect() as connection:
        statement = select(domains.c.id).where(domains.c.account_id == brand.uk.key)
        assert (await connection.execute(statement)).all() == []
    assert [await holder_of(world, each.name) for each in (domain, tracking)] == [None, None]


async def _usable(checking: Checking, account: Account) -> list[str]:
    place = AccountKey(MasterId(account.master), AccountId(account.key))
    async with WriteSessions(checking.world.database).begin() as session:
        return [each.name for each in await verified_sending_domains(session, place)]


async def test_what_an_account_can_send_from(
    brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    await give_domain(world, brand.us, kind=DomainKind.TRACKING, verified=True)
    await give_domain(world, brand.uk, verified=True)
    pending = await give_domain(world, brand.us)
    assert await _usable(checking, brand.us) == [domain.name]
    assert await _usable(checking, brand.master) == []
    checking.publish(pending)
    await checking.run_now(pending)
    assert await _usable(checking, brand.us) == [domain.name, pending.name]
    for _ in range(3):
        await checking.run_next_day(domain)
    assert await _usable(checking, brand.us) == [pending.name]
    assert await checking.status(domain) == DomainStatus.BROKEN.value
