"""A reseller of SMS, whose clients pay by the part (R43, R58, R83)."""

import datetime
from typing import Any

from server.database.clock import Clock
from tests.areas.messages.conftest import site
from tests.areas.messages.sms.sms_site import SmsSite, sms_site
from tests.client.api import Api
from tests.stories.business import Business
from tests.stories.sending.post import Post
from tests.world.billing import invoices_of, lines_of
from tests.world.credit import EURO, faults_of
from tests.world.plans import make_plan
from tests.world.world import World

__all__ = ["site", "sms_site"]

_EIGHT_CENTS = EURO * 8 // 100
_UNKNOWN = "+46701200009"


async def test_parts_are_sends_and_each_has_its_price(
    api: Api, world: World, clock: Clock, sms_site: SmsSite
) -> None:
    await clock.show(datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=40))
    post = Post(sms_site.site, world)
    reseller = await Business.founded(api, world, "Reseller")
    plan = await make_plan(world, active_contacts=1000, sends=1, send_price=_EIGHT_CENTS)
    await reseller.begins_with(plan, clock)
    taxi = await reseller.client("Taxi")
    await reseller.top_up(10)
    await reseller.keeps_own_balance(taxi)
    await reseller.hand(reseller, taxi, 1)

    # Seven parts, of which the plan covers the first: a short one to three, a long one, and one of other
    # letters. Whoever is unknown to the gateway was paid for as well.
    sms_site.gateway.refused = {_UNKNOWN}
    texts = [("Hi", "+46701200001"), ("Hi", "+46701200002"), ("Hi", _UNKNOWN)]
    await taxi.does("messageSend", **_to(taxi, [*texts, ("a" * 161, "+46701200003")]))
    await taxi.does("messageSend", **_to(taxi, [("č" * 71, "+46701200004")]))
    await post.carry(reseller)
    assert len(sms_site.gateway.taken) == 4
    assert await taxi.cents() == 100 - 6 * 8

    # For seven parts more the credit is too small, and nobody else's is touched. It suffices for six.
    assert await taxi.refused("messageSend", **_to(taxi, [("č" * 67 * 7, "+46701200005")])) == (
        "INSUFFICIENT_CREDIT"
    )
    await taxi.does("messageSend", **_to(taxi, [("č" * 67 * 6, "+46701200005")]))
    await post.carry(reseller)
    assert [await one.cents() for one in (reseller, taxi)] == [900, 4]

    # The gateway, the cycle, the statistics, the books and the invoice agree.
    assert len(sms_site.gateway.taken) == 5
    usage = await reseller.usage()
    assert usage.sent_by == {"Taxi": 13}
    (row,) = await post.statistics(reseller)
    numbers = {name: row["numbers"][name] for name in ("sent", "sends", "failed", "cost")}
    assert numbers == {"sent": 6, "sends": 13, "failed": 1, "cost": str(12 * _EIGHT_CENTS)}
    assert await faults_of(world.database, reseller.account, taxi.account) == []
    await clock.show(usage.ends_at + datetime.timedelta(hours=2, minutes=30))
    for one in (reseller, taxi):
        await post.bill(one)
    # The invoice is that of whoever's credit paid.
    assert await invoices_of(api, reseller.owner, reseller.account) == []
    (invoice,) = await invoices_of(api, taxi.owner, taxi.account)
    assert [line for line in lines_of(invoice) if line[1] == "SENDS_BEYOND"] == [
        ("Taxi", "SENDS_BEYOND", 12, 12 * 8)
    ]


def _to(business: Business, texts: list[tuple[str, str]]) -> dict[str, Any]:
    """The input that sends these."""
    messages = [
        {"idempotencyKey": f"{to} {text}"[:100], "to": to, "text": text, "from": "Taxi"} for text, to in texts
    ]
    return {"accountId": business.account.id, "stream": "TRANSACTIONAL", "messages": messages}
