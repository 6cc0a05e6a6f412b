"""An agency whose one client has a bad list: it is warned, paused, tried and let go; nobody else notices (R8,
R9, R36, N14)."""

import datetime
from dataclasses import dataclass

from server.database.clock import Clock
from tests.client.api import Api
from tests.stories.business import Business
from tests.stories.sending.post import Post
from tests.world.billing import invoices_of, lines_of
from tests.world.credit import give_credit
from tests.world.plans import make_plan
from tests.world.world import World

_PRICE = 10_000
"""Of a send beyond the plan: a cent."""
_CREDIT = 1_000_000
_PLANNED = 100
_LISTED, _BOUNCED = 32, 10
"""Ten bounces of so few pause as ten of a hundred do."""
_TRIAL = 100
"""The sends of an hour."""
_BY_ENGINE = _TRIAL - (_LISTED - _BOUNCED)
_MARKETING = ("MARKETING", None)


def _people(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:03}@example.com" for number in range(count)]


@dataclass(frozen=True)
class _Story:
    """The agency, its two clients, and their lists."""

    api: Api
    clock: Clock
    post: Post
    agency: Business
    lottery: Business
    bakery: Business
    bad: str
    good: str

    async def pauses(self) -> None:
        """Five come back, and later ten."""
        await self.post.come_back(self.lottery, range(5), await self.clock.now())
        await self.post.carry(self.agency)
        assert (await self.post.states(self.lottery))[_MARKETING] == ("WARNED", "ACTIVE")
        await self.clock.forward(minutes=10)
        await self.post.come_back(self.lottery, range(5, _BOUNCED), await self.clock.now())
        await self.post.carry(self.agency)
        assert (await self.post.states(self.lottery))[_MARKETING] == ("PAUSED", "ACTIVE")

    async def stops_only_its_marketing(self, draft: dict[str, str]) -> None:
        """What it sends to its list is refused; its receipts and the other client go on."""
        assert await self.lottery.refused("campaignSend", **draft) == "SENDING_PAUSED"
        receipt = [{"idempotencyKey": "1", "to": "l031@example.com", "subject": "Receipt", "text": "Thanks"}]
        of = {"accountId": self.lottery.account.id, "stream": "TRANSACTIONAL"}
        await self.lottery.does("messageSend", **of, messages=receipt)
        await self.post.mail(self.bakery, self.good)
        await self.post.carry(self.agency)
        bakery = await self.post.states(self.bakery)
        assert bakery.get(_MARKETING, ("ACTIVE", "ACTIVE")) == ("ACTIVE", "ACTIVE")

    async def is_tried(self) -> None:
        """After the cool-down."""
        source = {"accountId": self.lottery.account.id, "stream": "MARKETING"}
        assert await self.lottery.refused("sendingSourceResume", **source) == "SENDING_PAUSED"
        await self.clock.forward(minutes=61)
        await self.lottery.does("sendingSourceResume", **source)
        assert (await self.post.states(self.lottery))[_MARKETING] == ("TRIAL", "ACTIVE")
        # A trial is judged by whole hours.
        whole = (await self.clock.now()).replace(minute=0, second=0) + datetime.timedelta(hours=1)
        await self.clock.show(whole)

    async def is_let_go(self, draft: dict[str, str]) -> str:
        """It sends without those that bounced; an engine of its own sends the rest. Returns its next list."""
        self.post.site.mailbox.answer = lambda _: "250 Taken"
        await self.lottery.does("campaignSend", **draft)
        await self.post.carry(self.agency)
        await self.lottery.mail(" ".join(_people("e", _BY_ENGINE)))
        more = await self.post.list_of(self.lottery, _people("m", 2))
        another = await self.post.draft(self.lottery, self.bad)
        assert await self.lottery.refused("campaignSend", **another) == "TRIAL_LIMIT_REACHED"
        await self.clock.forward(minutes=61)
        await self.post.mail(self.lottery, more)
        await self.post.carry(self.agency)
        assert (await self.post.states(self.lottery))[_MARKETING] == ("ACTIVE", "ACTIVE")
        return more

    async def is_counted(self) -> None:
        """All that count it agree: mail server, messages, statistics, cycle and invoice."""
        counted = await self.post.counted(self.agency, self.clients, {"Lottery": _BY_ENGINE})
        sends = {"Lottery": _LISTED + 1 + _TRIAL + 2, "Bakery": 20}
        assert {name: found.sent for name, found in counted.items()} == sends
        usage = await self.agency.usage()
        assert usage.sent_by == sends
        total = sum(sends.values())
        assert usage.sends == (total, _PLANNED)
        beyond = total - _PLANNED
        assert await self.agency.cents() == (_CREDIT - beyond * _PRICE) // _PRICE
        rows = await self.post.statistics(self.agency)
        assert sum(int(row["numbers"]["cost"]) for row in rows) == beyond * _PRICE
        assert sum(row["numbers"]["hardBounces"] for row in rows) == _BOUNCED
        await self.clock.show(usage.ends_at + datetime.timedelta(hours=2, minutes=30))
        await self.post.bill(self.agency)
        (invoice,) = await invoices_of(self.api, self.agency.owner, self.agency.account)
        lines = [line for line in lines_of(invoice) if line[1] == "SENDS_BEYOND"]
        assert sum(quantity for _, _, quantity, _ in lines) == beyond
        assert sum(cents for *_, cents in lines) == beyond

    async def begins_anew(self, more: str) -> None:
        """In the next month the lottery is like any other."""
        await self.post.mail(self.lottery, more)
        await self.post.carry(self.agency)
        await self.post.counted(self.agency, self.clients, {"Lottery": _BY_ENGINE})
        assert (await self.agency.usage()).sent_by == {"Lottery": 2}

    @property
    def clients(self) -> tuple[Business, Business]:
        return self.lottery, self.bakery


async def test_one_client_with_a_bad_list(api: Api, world: World, clock: Clock, post: Post) -> None:
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=50)
    await clock.show(begin)
    agency = await Business.founded(api, world, "Agency")
    plan = await make_plan(world, active_contacts=1000, sends=_PLANNED, send_price=_PRICE)
    await agency.begins_with(plan, clock)
    await give_credit(world, agency.account, _CREDIT)
    lottery, bakery = await agency.client("Lottery"), await agency.client("Bakery")
    for client in (lottery, bakery):
        await post.opens(client)

    # Both write to their lists. Two of the lottery's are refused.
    post.site.mailbox.answer = lambda to: "554 5.7.1 No" if to in _people("l", 2) else "250 Taken"
    bad = await post.list_of(lottery, _people("l", _LISTED))
    good = await post.list_of(bakery, _people("b", 10))
    await post.mail(lottery, bad)
    await post.mail(bakery, good)
    await post.carry(agency)
    received = await post.counted(agency, (lottery, bakery))
    assert {name: found.received for name, found in received.items()} == {
        "Lottery": _LISTED - 2,
        "Bakery": 10,
    }

    story = _Story(api, clock, post, agency, lottery, bakery, bad, good)
    await story.pauses()
    draft = await post.draft(lottery, bad)
    await story.stops_only_its_marketing(draft)
    await story.is_tried()
    more = await story.is_let_go(draft)
    await story.is_counted()
    await story.begins_anew(more)
