"""A shop that deletes contacts and adds others, to send to more than its plan allows (R97-R103, T21)."""

import datetime
import hashlib
from dataclasses import replace

from server.database.clock import Clock
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.stories.business import Business, Usage
from tests.world.plans import make_plan
from tests.world.world import World

JANUARY = datetime.datetime(2027, 1, 1, 9, tzinfo=datetime.UTC)
FEBRUARY, MARCH = JANUARY.replace(month=2), JANUARY.replace(month=3)


async def test_a_shop_cannot_cheat_the_limit_of_contacts(api: Api, world: World, clock: Clock) -> None:
    # A plan of five contacts and twenty sends a month; two more contacts and ten more sends cost a little.
    await clock.show(JANUARY)
    shop = await Business.founded(api, world, "Shop")
    plan = await make_plan(
        world, active_contacts=5, sends=20, block_contacts=2, block_sends=10, block_price=1
    )
    await shop.begins_with(plan, clock)
    await _deletes_some_and_adds_others(shop)
    await _sends_by_a_second_account(shop)
    booked = await _waits_for_february(shop, clock)
    february = await _buys_more(shop)

    # March is as January was; February stays as it ended, also for who commits too late.
    await clock.show(MARCH)
    assert await shop.usage("PREVIOUS") == replace(february, runs_out_on=None)
    late = await attempt(api, "sendCommit", shop.owner, "", reservationId=booked)
    assert late.code == "RESERVATION_SETTLED"
    assert (await shop.usage()).contacts == (0, 5)
    assert await shop.cannot_mail("ann ben cem dee eve fay") == "CONTACT_LIMIT_REACHED"
    await shop.mail("ann ben cem dee eve")


async def _deletes_some_and_adds_others(shop: Business) -> None:
    """Adding contacts costs nothing: only who is sent to is active, once however often."""
    await shop.mail("ann ben cem dee")
    await shop.mail("ann ben cem dee")
    assert (await shop.usage()).contacts == (4, 5)

    # It deletes Ann and Ben from its list, and adds Eve and Fay instead: one of them is one too many.
    assert await shop.warned_of("cem dee eve fay") == ["CONTACT_LIMIT"]
    assert await shop.cannot_mail("cem dee eve fay") == "CONTACT_LIMIT_REACHED"
    await shop.mail("cem dee eve")
    assert (await shop.usage()).warnings == ["CONTACT_LIMIT_REACHED"]

    # Ann, deleted and added again, is the same Ann, however she is written, or if only her hash is told.
    await shop.mail("Ann@EXAMPLE.COM")
    hashed = hashlib.sha256(b"ben@example.com").hexdigest()
    await shop.mail("", recipients=None, recipientHashes=[hashed])
    assert (await shop.usage()).contacts == (5, 5)
    # A plus and a dot are another address to whoever owns it: never merged, so it is one too many.
    assert await shop.cannot_mail("ann+again@example.com") == "CONTACT_LIMIT_REACHED"


async def _sends_by_a_second_account(shop: Business) -> None:
    """It uses the same plan, and whoever is active there is active here."""
    outlet = await shop.client("Outlet")
    assert await outlet.cannot_mail("fay") == "CONTACT_LIMIT_REACHED"
    await outlet.mail("eve")
    assert (await shop.usage()).sent_by == {"Shop": 13, "Outlet": 1}

    # At the limit, those who are active can be sent to for as long as there are sends.
    await shop.mail("ann ben cem dee eve")
    assert (await shop.usage()).sends == (19, 20)
    assert await shop.cannot_mail("ann ben") == "SEND_LIMIT_REACHED"
    await shop.mail("ann")
    assert (await shop.usage()).warnings == ["CONTACT_LIMIT_REACHED", "SEND_LIMIT_REACHED"]


async def _waits_for_february(shop: Business, clock: Clock) -> str:
    """Everybody is inactive again, and those who had to wait can be sent to. The id of what it gave back."""
    await clock.show(FEBRUARY.replace(hour=0))
    assert (await shop.usage()).contacts == (0, 5)
    await shop.mail("fay gus hal ida")
    # What is booked and not sent makes nobody active: neither voided nor left to lapse.
    booked = await shop.does("sendReserve", "reservation { id }", **shop.list_of("jim"))
    assert await shop.cannot_mail("kim") == "CONTACT_LIMIT_REACHED"
    voided: str = booked["reservation"]["id"]
    await shop.does("sendVoid", reservationId=voided)
    await shop.does("sendReserve", **shop.list_of("jim"))
    assert await shop.cannot_mail("kim") == "CONTACT_LIMIT_REACHED"
    await clock.forward(minutes=16)
    await shop.mail("kim")
    assert (await shop.usage()).contacts == (5, 5)
    return voided


async def _buys_more(shop: Business) -> Usage:
    """Honest at last: a block of two contacts more, and ten sends, at once and for this month. Its usage."""
    await shop.does("limitIncrease", accountId=shop.account.id, blocks=1, idempotencyKey="block")
    await shop.mail("ann ben")
    february = await shop.usage()
    assert (february.contacts, february.sends) == ((7, 7), (7, 30))
    assert await shop.cannot_mail("cem") == "CONTACT_LIMIT_REACHED"
    return february
