"""An agency whose one client has a bad list: it is warned, paused, tried and let go; nobody else notices (R8,
R9, R36, N14)."""

import datetime

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
_MARKETING = ("MARKETING", None)


def _people(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:03}@example.com" for number in range(count)]


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
    assert {
        name: found.received for name, found in (await post.counted(agency, (lottery, bakery))).items()
    } == {"Lottery": _LISTED - 2, "Bakery": 10}

    # Five come back, and later ten.
    await post.come_back(lottery, range(5), await clock.now())
    await post.carry(agency)
    assert (await post.states(lottery))[_MARKETING] == ("WARNED", "ACTIVE")
    await clock.forward(minutes=10)
    await post.come_back(lottery, range(5, _BOUNCED), await clock.now())
    await post.carry(agency)
    assert (await post.states(lottery))[_MARKETING] == ("PAUSED", "ACTIVE")

    # What it sends to its list is refused; its receipts and the other client go on.
    draft = await post.draft(lottery, bad)
    assert await lottery.refused("campaignSend", **draft) == "SENDING_PAUSED"
    receipt = [{"idempotencyKey": "1", "to": "l031@example.com", "subject": "Receipt", "text": "Thanks"}]
    await lottery.does("messageSend", accountId=lottery.account.id, stream="TRANSACTIONAL", messages=receipt)
    await post.mail(bakery, good)
    await post.carry(agency)
    assert (await post.states(bakery)).get(_MARKETING, ("ACTIVE", "ACTIVE")) == ("ACTIVE", "ACTIVE")

    # After the cool-down it tries again, without those that bounced; an engine of its own sends the rest.
    source = {"accountId": lottery.account.id, "stream": "MARKETING"}
    assert await lottery.refused("sendingSourceResume", **source) == "SENDING_PAUSED"
    await clock.forward(minutes=61)
    await lottery.does("sendingSourceResume", **source)
    assert (await post.states(lottery))[_MARKETING] == ("TRIAL", "ACTIVE")
    # A trial is judged by whole hours.
    await clock.show((await clock.now()).replace(minute=0, second=0) + datetime.timedelta(hours=1))
    post.site.mailbox.answer = lambda _: "250 Taken"
    await lottery.does("campaignSend", **draft)
    await post.carry(agency)
    by_engine = _TRIAL - (_LISTED - _BOUNCED)
    await lottery.mail(" ".join(_people("e", by_engine)))
    more = await post.list_of(lottery, _people("m", 2))
    assert await lottery.refused("campaignSend", **await post.draft(lottery, bad)) == "TRIAL_LIMIT_REACHED"
    await clock.forward(minutes=61)
    await post.mail(lottery, more)
    await post.carry(agency)
    assert (await post.states(lottery))[_MARKETING] == ("ACTIVE", "ACTIVE")

    # All that count it agree: the mail server, the messages, the statistics, the cycle and the invoice.
    counted = await post.counted(agency, (lottery, bakery), {"Lottery": by_engine})
    sends = {"Lottery": _LISTED + 1 + _TRIAL + 2, "Bakery": 20}
    assert {name: found.sent for name, found in counted.items()} == sends
    usage = await agency.usage()
    assert usage.sent_by == sends
    total = sum(sends.values())
    assert usage.sends == (total, _PLANNED)
    beyond = total - _PLANNED
    assert await agency.cents() == (_CREDIT - beyond * _PRICE) // _PRICE
    rows = await post.statistics(agency)
    assert sum(int(row["numbers"]["cost"]) for row in rows) == beyond * _PRICE
    assert sum(row["numbers"]["hardBounces"] for row in rows) == _BOUNCED
    await clock.show(usage.ends_at + datetime.timedelta(hours=2, minutes=30))
    await post.bill(agency)
    (invoice,) = await invoices_of(api, agency.owner, agency.account)
    lines = [line for line in lines_of(invoice) if line[1] == "SENDS_BEYOND"]
    assert sum(quantity for _, _, quantity, _ in lines) == beyond
    assert sum(cents for *_, cents in lines) == beyond

    # The next month begins anew, and the lottery is like any other.
    await post.mail(lottery, more)
    await post.carry(agency)
    await post.counted(agency, (lottery, bakery), {"Lottery": by_engine})
    assert (await agency.usage()).sent_by == {"Lottery": 2}
