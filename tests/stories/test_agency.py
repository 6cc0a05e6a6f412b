"""An agency with clients on one plan: more in the middle of a month, less from the next, one client capped
(R18, R19, R28, T18, T22)."""

import datetime
from dataclasses import dataclass

from server.database.clock import Clock
from tests.client.api import Api
from tests.stories.business import Business
from tests.world.plans import Plan, make_plan
from tests.world.world import World

VIENNA = "Europe/Vienna"
BEGIN = datetime.datetime(2027, 3, 15, 8, tzinfo=datetime.UTC)
END = datetime.datetime(2027, 4, 14, 22, tzinfo=datetime.UTC)
"""Of its first month. Clocks were put forward meanwhile: it is 15 April at midnight in Vienna."""


@dataclass(frozen=True)
class Agency:
    """An agency with two clients, and the plans that it can choose from."""

    agency: Business
    baker: Business
    tailor: Business
    small: Plan
    large: Plan
    clock: Clock

    @classmethod
    async def founded(cls, api: Api, world: World, clock: Clock) -> "Agency":
        """In Vienna; it takes the small plan."""
        await clock.show(BEGIN)
        small = await make_plan(world, active_contacts=6, sends=20)
        large = await make_plan(world, active_contacts=12, sends=40)
        agency = await Business.founded(api, world, "Agency")
        await agency.begins_with(small, clock, VIENNA)
        return cls(agency, await agency.client("Baker"), await agency.client("Tailor"), small, large, clock)

    async def sends_from_one_pool(self) -> None:
        """A contact of both clients is one contact. The clients must not learn whom the others write to, and
        are told the sum of what each counts by itself."""
        await self.baker.mail("ann ben cem")
        await self.tailor.mail("cem dee")
        for one, contacts in ((self.agency, 4), (self.baker, 5), (self.tailor, 5)):
            usage = await one.usage()
            assert (usage.contacts, usage.sends) == ((contacts, 6), (5, 20))
        assert (await self.agency.usage()).sent_by == {"Baker": 3, "Tailor": 2}
        assert (await self.baker.usage()).sent_by == {"Baker": 3}

    async def caps_the_baker(self) -> None:
        """It sends a lot: eight a month are left to it, three of which are sent."""
        budget = {"accountId": self.baker.account.id, "guarantee": 0}
        await self.agency.does("sendBudgetUpdate", cap=8, **budget)
        assert await self.baker.refused("sendBudgetUpdate", cap=None, **budget) == "PARENT_ACCOUNT_REQUIRED"
        await self.baker.mail("ann ben cem")
        assert await self.baker.warned_of("ann ben cem") == ["SEND_CAP"]
        assert await self.baker.cannot_mail("ann ben cem") == "SEND_CAP_REACHED"
        await self.baker.mail("ann ben")
        assert (await self.baker.usage()).warnings == ["CONTACTS_NEAR_LIMIT", "SEND_CAP_REACHED"]
        # By the sum that the clients are told; the agency, which sees who is active, is not warned.
        assert (await self.tailor.usage()).warnings == ["CONTACTS_NEAR_LIMIT"]
        assert (await self.agency.usage()).warnings == []

    async def takes_the_large_plan(self) -> None:
        """Ten days later: the tailor's campaign is too large for the small one. The agency alone may change
        that. The cap is the client's, whatever the plan."""
        await self.clock.show(BEGIN + datetime.timedelta(days=10))
        campaign = "dee eve fay gus hal ida jon kim"
        assert await self.tailor.warned_of(campaign) == ["CONTACT_LIMIT"]
        assert await self.tailor.cannot_mail(campaign) == "CONTACT_LIMIT_REACHED"
        choice = {"accountId": self.tailor.account.id, "planId": self.large.id, "expectedVersion": 1}
        assert await self.tailor.refused("planChange", **choice) == "POOL_ACCOUNT_REQUIRED"
        await self.agency.choose(self.large)
        await self.tailor.mail(campaign)
        usage = await self.tailor.usage()
        assert (usage.contacts, usage.sends) == ((12, 12), (18, 40))
        assert usage.warnings == ["CONTACT_LIMIT_REACHED"]
        assert (await self.agency.usage()).warnings == ["CONTACTS_NEAR_LIMIT"]
        assert await self.baker.cannot_mail("ann") == "SEND_CAP_REACHED"

    async def goes_back_to_the_small_plan(self) -> None:
        """It holds from the next month on: nobody loses what this one has."""
        await self.agency.choose(self.small)
        assert (await self.agency.usage()).contacts == (11, 12)
        await self.tailor.mail("dee eve lea")
        assert (await self.agency.usage()).ends_at == END
        await self.clock.show(END - datetime.timedelta(seconds=10))
        assert (await self.agency.usage()).contacts == (12, 12)
        await self.clock.show(END)
        april = await self.agency.usage()
        assert (april.starts_at, april.contacts, april.sends) == (END, (0, 6), (0, 20))
        march = await self.agency.usage("PREVIOUS")
        assert (march.contacts, march.sends) == ((12, 12), (21, 40))
        assert march.sent_by == {"Tailor": 13, "Baker": 8}

    async def frees_the_baker(self) -> None:
        """In April the cap counts anew; without it the baker may use all that is left."""
        await self.baker.mail("ann ben cem dee")
        await self.baker.mail("ann ben cem dee")
        assert await self.baker.cannot_mail("ann") == "SEND_CAP_REACHED"
        budget = {"accountId": self.baker.account.id, "guarantee": 0}
        await self.agency.does("sendBudgetUpdate", cap=None, **budget)
        await self.baker.mail("ann ben cem dee")
        # Four contacts in a day are a pace of one and a half days for six.
        assert (await self.agency.usage()).runs_out_on == "2027-04-16"


async def test_an_agency_shares_its_plan_with_its_clients(api: Api, world: World, clock: Clock) -> None:
    story = await Agency.founded(api, world, clock)
    await story.sends_from_one_pool()
    await story.caps_the_baker()
    await story.takes_the_large_plan()
    await story.goes_back_to_the_small_plan()
    await story.frees_the_baker()
