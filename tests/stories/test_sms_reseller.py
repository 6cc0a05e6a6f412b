"""A reseller of SMS: credit goes down two levels and back, and a client buys some itself (R43, R44, R58)."""

import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from server.database.clock import Clock
from tests.client.api import Api
from tests.stories.business import Business
from tests.world.credit import EURO, faults_of
from tests.world.plans import make_plan
from tests.world.world import World

EIGHT_CENTS = EURO * 8 // 100
TOMS, LISAS = "t1 t2 t3 t4 t5 t6 t7 t8 t9 t10", "l1 l2 l3 l4 l5"


async def test_a_reseller_distributes_credit(
    api: Api, world: World, clock: Clock, database: AsyncEngine
) -> None:
    # In January a reseller takes a plan whose messages all have a price, but for the first one of a month.
    await clock.show(datetime.datetime(2027, 1, 4, 10, tzinfo=datetime.UTC))
    reseller = await Business.founded(api, world, "Reseller")
    plan = await make_plan(world, active_contacts=1000, sends=1, send_price=EIGHT_CENTS)
    await reseller.begins_with(plan, clock)
    dealer = await reseller.client("Dealer")
    tom, lisa = await dealer.client("Tom's Taxis"), await dealer.client("Lisa's Laundry")
    everybody = (reseller, dealer, tom, lisa)

    # It buys 100 euros, gives 40 to a dealer, and the dealer 10 to one of two shops of its own.
    await reseller.top_up(100)
    await reseller.keeps_own_balance(dealer)
    await reseller.hand(reseller, dealer, 40)
    await dealer.keeps_own_balance(tom)
    await dealer.hand(dealer, tom, 10)
    assert [await one.cents() for one in everybody] == [6000, 3000, 1000, 0]

    # Tom sends 111 messages: the first of the month costs nothing.
    for _ in range(11):
        await tom.mail(TOMS)
    await tom.mail("t1")
    assert await tom.cents() == 1000 - 110 * 8

    # For twenty more his credit is too small, and nobody else's is touched.
    assert await tom.cannot_mail(f"{TOMS} {LISAS} u1") == "INSUFFICIENT_CREDIT"
    assert "CREDIT_LOW" in (await tom.usage()).warnings
    # Lisa has no balance of her own: she spends the dealer's.
    await lisa.mail(LISAS)
    assert [await one.cents() for one in everybody] == [6000, 3000 - 40, 120, 0]

    # Nobody takes credit from above or beside, nor can the shop give away what it does not have.
    assert await tom.refused("creditTransfer", **tom.transfer(dealer, tom, 1)) == "NOT_FOUND"
    assert await tom.refused("creditTransfer", **tom.transfer(tom, lisa, 1)) == "NOT_FOUND"
    assert await dealer.refused("creditTransfer", **dealer.transfer(tom, dealer, 2)) == "INSUFFICIENT_CREDIT"

    # In February the dealer takes one euro back, and Tom buys five with a card of his own.
    await clock.show(datetime.datetime(2027, 2, 4, 10, tzinfo=datetime.UTC))
    await dealer.hand(tom, dealer, 1)
    await tom.top_up(5)
    await tom.mail(TOMS)
    assert [await one.cents() for one in everybody] == [6000, 3060, 520 - 9 * 8, 0]

    # The reseller saw all along which of them sends how many; what a dealer's shops do, the dealer sees too.
    january = {"Tom's Taxis": 111, "Lisa's Laundry": 5}
    assert (await reseller.usage("PREVIOUS")).sent_by == (await dealer.usage("PREVIOUS")).sent_by == january
    assert (await reseller.usage()).sent_by == {"Tom's Taxis": 10}
    assert (await lisa.usage("PREVIOUS")).sent_by == {"Lisa's Laundry": 5}

    # Of what was bought, all is there or was sent: 105 euros, 110 + 5 + 9 messages; and the books hold.
    assert sum([await one.cents() for one in everybody]) == 10_500 - (110 + 5 + 9) * 8
    assert await faults_of(database, *(one.account for one in everybody)) == []
