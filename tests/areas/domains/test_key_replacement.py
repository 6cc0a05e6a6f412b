"""A key for DKIM is replaced without a moment in which receivers find none."""

import pytest

from models.domains.tables import DomainKind
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.areas.domains.checking import Checking, found_of, seen
from tests.areas.domains.keys import belongs_to, key_of, publish, replaced
from tests.areas.domains.name_server import Mood
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, code_of
from tests.world.brand import Brand
from tests.world.domains import Domain, give_domain
from tests.world.world import World


@pytest.fixture
async def domain(brand: Brand, world: World, checking: Checking) -> Domain:
    """A verified one whose records are all there."""
    made = await give_domain(world, brand.us, verified=True)
    checking.publish(made)
    return made


async def _kinds(api: Api, brand: Brand) -> list[str]:
    return [event["type"] for event in await events_of(api, brand.owner, brand.us.id)]


async def test_the_old_key_is_used_until_the_new_record_is_found(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    old = await key_of(world, domain)
    record = await replaced(api, brand, domain)
    await checking.run(domain.account, domain.id)
    assert await checking.status(domain) == "VERIFIED"
    assert (await found_of(api, brand.owner, domain.id))["DKIM_NEXT"] == "MISSING"
    assert (await key_of(world, domain)).selector == old.selector
    assert await _kinds(api, brand) == ["DOMAIN_KEY_ADDED"]
    publish(checking, record)
    await checking.run_now(domain)
    new = await key_of(world, domain)
    assert (new.selector, new.next_selector, new.next_private_key) == (
        record["name"].partition(".")[0],
        None,
        None,
    )
    found = {each["purpose"]: each for each in (await seen(api, brand.owner, domain.id))["records"]}
    assert found.keys() == {"DKIM", "DMARC", "OWNERSHIP", "RETURN_PATH", "SPF"}
    assert (found["DKIM"]["name"], found["DKIM"]["value"]) == (record["name"], record["value"])
    assert found["DKIM"]["status"] == "OK"
    assert await checking.status(domain) == "VERIFIED"
    assert await _kinds(api, brand) == ["DOMAIN_KEY_REPLACED", "DOMAIN_KEY_ADDED"]
    event = (await events_of(api, brand.owner, brand.us.id))[0]
    assert event["before"] == {"selector": old.selector}
    assert event["after"] == {"selector": new.selector, "name": domain.name}


async def test_the_new_private_key_belongs_to_the_published_one(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    """Sealed anew in the place where it is used."""
    publish(checking, record := await replaced(api, brand, domain))
    await checking.run(domain.account, domain.id)
    assert belongs_to(await key_of(world, domain), record, checking)


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.FAILING, Mood.DENYING, Mood.LOOPING])
async def test_name_servers_that_do_not_tell_the_new_record_change_nothing(
    mood: Mood, api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    """Neither the key nor the domain's standing, for as many days as it takes."""
    old, record = await key_of(world, domain), await replaced(api, brand, domain)
    checking.zone.moods[record["name"]] = mood
    for _ in range(4 if mood is Mood.DENYING else 1):
        await checking.run_next_day(domain)
    assert await checking.status(domain) == "VERIFIED"
    assert (await key_of(world, domain)).selector == old.selector


async def test_another_key_in_the_new_place_is_not_taken(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    old, record = await key_of(world, domain), await replaced(api, brand, domain)
    publish(checking, record | {"value": "v=DKIM1; k=rsa; p=BBBB"})
    await checking.run(domain.account, domain.id)
    assert (await found_of(api, brand.owner, domain.id))["DKIM_NEXT"] == "WRONG"
    assert (await key_of(world, domain)).selector == old.selector


async def test_a_key_that_waits_is_given_up_for_another_one(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    first, second = await replaced(api, brand, domain), await replaced(api, brand, domain)
    assert first["name"] != second["name"]
    publish(checking, first)
    await checking.run(domain.account, domain.id)
    assert (await found_of(api, brand.owner, domain.id))["DKIM_NEXT"] == "MISSING"
    publish(checking, second)
    await checking.run_now(domain)
    assert (await key_of(world, domain)).selector == second["name"].partition(".")[0]


async def test_a_new_key_mends_what_the_old_ones_record_broke(
    api: Api, brand: Brand, world: World, checking: Checking, domain: Domain
) -> None:
    """Whoever has lost the old record publishes the new one."""
    (old,) = [each for each in domain.expected if each.purpose.value == "DKIM"]
    checking.zone.withdraw(old.name)
    for _ in range(3):
        await checking.run_next_day(domain)
    assert await checking.status(domain) == "BROKEN"
    record = await replaced(api, brand, domain)
    publish(checking, record)
    await checking.run(domain.account, domain.id)
    assert await checking.status(domain) == "VERIFIED"


async def test_a_tracking_domain_has_no_key(api: Api, brand: Brand, world: World) -> None:
    tracking = await give_domain(world, brand.us, kind=DomainKind.TRACKING)
    refused = await attempt(api, "domainKeyReplace", brand.owner, domainId=tracking.id)
    assert (refused.code, refused.named) == ("FAILED_PRECONDITION", "domainId")
    assert await _kinds(api, brand) == []


async def test_a_server_without_keys_refuses(
    brand: Brand, world: World, settings: Settings, addresses: DatabaseAddresses, domain: Domain
) -> None:
    """Nothing waits then, and the key that is there is used on."""
    without = settings.model_copy(update={"secret_keys": None, "database_url": addresses.application})
    app = create_app(without, addresses.application)
    async with Api.of(app) as api, app.router.lifespan_context(app):
        before, old = await world.state(brand.master), await key_of(world, domain)
        code = await code_of(api, "domainKeyReplace", brand.owner, domainId=domain.id)
        assert code == "SECRETS_UNAVAILABLE"
        assert (await world.state(brand.master), await key_of(world, domain)) == (before, old)
