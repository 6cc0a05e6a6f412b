"""An agency with clients on one plan: more in the middle of a month, less from the next, one client capped
(R18, R19, R28, T18, T22)."""

import datetime

from server.database.clock import Clock
from tests.stories.business import Business
from tests.world.api import Api
from tests.world.plans import make_plan
from tests.world.world import World

VIENNA = "Europe/Vienna"


async def test_an_agency_shares_its_plan_with_its_clients(api: Api, world: World, clock: Clock) -> None:
    # On 15 March 2027 an agency in Vienna takes a small plan; there is a larger one.
    await clock.show(datetime.datetime(2027, 3, 15, 8, tzinfo=datetime.UTC))
    small = await make_plan(world, active_contacts=6, sends=20)
    large = await make_plan(world, active_contacts=12, sends=40)
    agency = await Business.founded(api, world, "Agency")
    await agency.begins_with(small, clock, VIENNA)
    baker, tailor = await agency.client("Baker"), await agency.client("Tailor")

    # All send from one pool: a contact of both is one contact. The clients must not learn whom the others
    # write to, and are told the sum of what each counts by itself.
    await baker.mail("ann ben cem")
    await tailor.mail("cem dee")
    for one, contacts in ((agency, 4), (baker, 5), (tailor, 5)):
        usage = await one.usage()
        assert (usage.contacts, usage.sends) == ((contacts, 6), (5, 20))
    assert (await agency.usage()).sent_by == {"Baker": 3, "Tailor": 2}
    assert (await baker.usage()).sent_by == {"Baker": 3}

    # The baker sends a lot, so the agency caps it: at eight a month, three of which are sent.
    budget = {"accountId": baker.account.id, "guarantee": 0}
    await agency.does("sendBudgetUpdate", cap=8, **budget)
    assert await baker.refused("sendBudgetUpdate", cap=None, **budget) == "PARENT_ACCOUNT_REQUIRED"
    await baker.mail("ann ben cem")
    assert await baker.warned_of("ann ben cem") == ["SEND_CAP"]
    assert await baker.cannot_mail("ann ben cem") == "SEND_CAP_REACHED"
    await baker.mail("ann ben")
    assert (await baker.usage()).warnings == ["CONTACTS_NEAR_LIMIT", "SEND_CAP_REACHED"]
    # By the sum that the clients are told; the agency, which sees who is active, is not warned.
    assert (await tailor.usage()).warnings == ["CONTACTS_NEAR_LIMIT"]
    assert (await agency.usage()).warnings == []

    # Ten days later the tailor's campaign is too large for the plan. The agency alone may change that.
    await clock.show(datetime.datetime(2027, 3, 25, 8, tzinfo=datetime.UTC))
    campaign = "dee eve fay gus hal ida jon kim"
    assert await tailor.warned_of(campaign) == ["CONTACT_LIMIT"]
    assert await tailor.cannot_mail(campaign) == "CONTACT_LIMIT_REACHED"
    choice = {"accountId": tailor.account.id, "planId": large.id, "expectedVersion": 1}
    assert await tailor.refused("planChange", **choice) == "POOL_ACCOUNT_REQUIRED"
    await agency.choose(large)
    await tailor.mail(campaign)
    usage = await tailor.usage()
    assert (usage.contacts, usage.sends) == ((12, 12), (18, 40))
    assert usage.warnings == ["CONTACT_LIMIT_REACHED"]
    assert (await agency.usage()).warnings == ["CONTACTS_NEAR_LIMIT"]
    # The cap is the client's, whatever the plan.
    assert await baker.cannot_mail("ann") == "SEND_CAP_REACHED"

    # The agency wants the small plan back. It holds from the next month on: nobody loses what this one has.
    await agency.choose(small)
    assert (await agency.usage()).contacts == (11, 12)
    await tailor.mail("dee eve lea")

    # Clocks were put forward meanwhile: the month ends on 15 April at midnight in Vienna, 22:00 in UTC.
    end = datetime.datetime(2027, 4, 14, 22, tzinfo=datetime.UTC)
    assert (await agency.usage()).ends_at == end
    await clock.show(end - datetime.timedelta(seconds=10))
    assert (await agency.usage()).contacts == (12, 12)
    await clock.show(end)
    april = await agency.usage()
    assert (april.starts_at, april.contacts, april.sends) == (end, (0, 6), (0, 20))
    march = await agency.usage("PREVIOUS")
    assert (march.contacts, march.sends) == ((12, 12), (21, 40))
    assert march.sent_by == {"Tailor": 13, "Baker": 8}

    # The cap stays, and counts anew; without it the baker may use all that is left.
    await baker.mail("ann ben cem dee")
    await baker.mail("ann ben cem dee")
    assert await baker.cannot_mail("ann") == "SEND_CAP_REACHED"
    await agency.does("sendBudgetUpdate", cap=None, **budget)
    await baker.mail("ann ben cem dee")
    # Four contacts in a day are a pace of one and a half days for six.
    assert (await agency.usage()).runs_out_on == "2027-04-16"
