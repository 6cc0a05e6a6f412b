"""A shop whose newsletter is stopped while its receipts go on, by people and by a key of their own (R7, R9,
R36)."""

import datetime
from typing import Any

from server.database.clock import Clock
from tests.by_day import by_night_alone
from tests.client.api import Api, Caller
from tests.client.mutations import Token, attempt
from tests.stories.business import Business
from tests.stories.sending.post import Post
from tests.world.plans import make_plan
from tests.world.world import World

_READERS, _BOUNCED = 20, 10
"""Ten bounces of so few pause as ten of a hundred do."""
_LEFT = _READERS - _BOUNCED


@by_night_alone
async def test_marketing_is_paused_and_receipts_go_on(
    api: Api, world: World, clock: Clock, post: Post
) -> None:
    await clock.show(datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=40))
    shop = await Business.founded(api, world, "Shop")
    await shop.begins_with(await make_plan(world, active_contacts=1000, sends=1000), clock)
    await post.opens(shop)
    till = Token((await world.api_key(shop.account)).token)
    readers = await post.list_of(shop, [f"r{number:03}@example.com" for number in range(_READERS)])
    await post.mail(shop, readers)
    assert await _receipts(api, shop, shop.owner, "may", 3) == ["", "", ""]
    await post.carry(shop)

    # Of the first issue much comes back, when the second one was just sent: to those who are left.
    await post.come_back(shop, range(_BOUNCED), await clock.now())
    await post.mail(shop, readers, "Summer")
    await post.add_up(shop)
    await post.carry(shop)
    states = await post.states(shop)
    assert states["MARKETING", None] == ("PAUSED", "ACTIVE")
    assert states.get(("TRANSACTIONAL", None), ("ACTIVE", "ACTIVE")) == ("ACTIVE", "ACTIVE")

    # It waits on; receipts by a person and by the till's key do not, but for a reader who is not there.
    assert await _receipts(api, shop, till, "june", 10 + 3) == ["RECIPIENT_EXCLUDED"] * 10 + [""] * 3
    assert await _receipts(api, shop, shop.owner, "july", 10 - 2, first=10) == [""] * 8
    await post.carry(shop)
    assert (len(post.site.mailbox.taken), await _waiting(shop)) == (_READERS + 3 + 3 + 8, _LEFT)
    assert await shop.refused("campaignSend", **await post.draft(shop, readers)) == "SENDING_PAUSED"

    # A month later, in a cycle of its own, it goes on: what waited was paid in the month before. Whoever
    # bounced gets nothing.
    first_month = (await shop.usage()).sent_by
    assert first_month == {"Shop": _READERS + _LEFT + 3 + 3 + 8}
    await clock.forward(days=31)
    await shop.does("sendingSourceResume", accountId=shop.account.id, stream="MARKETING")
    await post.carry(shop)
    assert (await post.states(shop))["MARKETING", None][0] == "TRIAL"
    assert await _waiting(shop) == 0
    taken = [to for to, content in post.site.mailbox.taken if content["Subject"] == "News"]
    assert len(taken) == _READERS + _LEFT
    assert (await shop.usage()).sent_by == {}
    assert (await shop.usage("PREVIOUS")).sent_by == first_month
    rows = {row["stream"]: row["numbers"] for row in await post.statistics(shop)}
    assert {stream: numbers["sent"] for stream, numbers in rows.items()} == {
        "MARKETING": _READERS + _LEFT,
        "TRANSACTIONAL": 14,
    }
    assert rows["MARKETING"]["hardBounces"] == _BOUNCED


async def _receipts(
    api: Api, shop: Business, caller: Caller, month: str, count: int, first: int = 0
) -> list[str]:
    """The code of each, where it was refused."""
    given = [
        {"idempotencyKey": f"{month} {number}", "to": f"r{number:03}@example.com", "subject": "Receipt"}
        | {"text": "Thanks"}
        for number in range(first, first + count)
    ]
    values: dict[str, Any] = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "messages": given}
    made = await attempt(api, "messageSend", caller, "outcomes { error { code } }", **values)
    assert made.done, made
    return [each["error"]["code"] if each["error"] else "" for each in made.payload["outcomes"]]


async def _waiting(shop: Business) -> int:
    query = """query ($id: ID!) { account(id: $id) {
      marketingMessages(status: WAITING, first: 0) { totalCount } } }"""
    found = await shop.api.read(query, shop.owner, id=shop.account.id)
    count: int = found["account"]["marketingMessages"]["totalCount"]
    return count
