"""Hard bounces exclude at once, soft ones if they are too many; nobody lifts that (R79)."""

import pytest

from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.brand import Brand, brand_of
from tests.world.suppressions import SOFT_BOUNCES, WINDOW, ago, bounce, deliverability, resubscribe, streams
from tests.world.world import World

_ANN = "ann@example.com"


@pytest.fixture
async def brand(world: World) -> Brand:
    """A tree and the owner of its master account."""
    return await brand_of(world)


async def test_a_hard_bounce_excludes_at_once_in_that_account_alone(api: Api, brand: Brand) -> None:
    at = ago(days=1)
    found = await bounce(api, brand.owner, brand.us, _ANN, "no address", "ANN@example.com", at=at)
    assert found == ["EXCLUDED", "MALFORMED", "ALREADY_KNOWN"]
    assert await streams(api, brand.owner, brand.us, _ANN) == ""
    for account in (brand.master, brand.store, brand.uk):
        assert await streams(api, brand.owner, account, _ANN) == "MT"
    event = await last_event(api, brand.owner, brand.us.id)
    assert (event["type"], event["after"]) == ("BOUNCES_REPORTED", {"bounces": 1, "excluded": 1})


async def test_soft_bounces_exclude_once_they_are_too_many(api: Api, brand: Brand) -> None:
    """In whatever order they are told, and each once."""
    moments = [ago(days=days) for days in (3, 1, 2, 5, 4)]
    assert len(moments) == SOFT_BOUNCES
    for at in moments[:-1]:
        assert await bounce(api, brand.owner, brand.us, _ANN, kind="SOFT", at=at) == ["RECORDED"]
        assert await bounce(api, brand.owner, brand.us, _ANN, kind="SOFT", at=at) == ["ALREADY_KNOWN"]
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"
    assert await bounce(api, brand.owner, brand.us, _ANN, kind="SOFT", at=moments[-1]) == ["EXCLUDED"]
    (found,) = await deliverability(api, brand.owner, brand.us, _ANN)
    (exclusion,) = found["exclusions"]
    assert (exclusion["cause"], exclusion["bounceKind"]) == ("BOUNCE", "SOFT")
    assert (exclusion["stops"], exclusion["liftedBy"]) == (["MARKETING", "TRANSACTIONAL"], "NOBODY")
    assert await bounce(api, brand.owner, brand.us, _ANN) == ["ALREADY_KNOWN"]


async def test_soft_bounces_that_lie_further_apart_do_not(api: Api, brand: Brand) -> None:
    for number in range(2 * SOFT_BOUNCES):
        at = ago(days=1 + number * WINDOW.days / (SOFT_BOUNCES - 2))
        assert await bounce(api, brand.owner, brand.us, _ANN, kind="SOFT", at=at) == ["RECORDED"]
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"


async def test_many_soft_bounces_in_one_request(api: Api, brand: Brand) -> None:
    """The same moment twice is one bounce."""
    given = [_ANN] * SOFT_BOUNCES
    found = await bounce(api, brand.owner, brand.us, *given, kind="SOFT", at=ago(days=1))
    assert found == ["RECORDED"] + ["ALREADY_KNOWN"] * (SOFT_BOUNCES - 1)
    assert await streams(api, brand.owner, brand.us, _ANN) == "MT"


async def test_nobody_lifts_a_bounce(api: Api, brand: Brand) -> None:
    await bounce(api, brand.owner, brand.us, _ANN)
    assert await resubscribe(api, brand.owner, brand.us, _ANN) == "NOT_UNSUBSCRIBED"
    assert await streams(api, brand.owner, brand.us, _ANN) == ""


async def test_the_account_sets_how_many_are_too_many(api: Api, brand: Brand) -> None:
    """And those above it, where it has set nothing."""
    limits = {"softBounces": 2, "days": 10}
    await done(api, "settingsUpdate", brand.owner, accountId=brand.master.id, bounceLimits=limits)
    for days, outcome in ((30, "RECORDED"), (12, "RECORDED"), (5, "EXCLUDED")):
        found = await bounce(api, brand.owner, brand.us, _ANN, kind="SOFT", at=ago(days=days))
        assert found == [outcome]
