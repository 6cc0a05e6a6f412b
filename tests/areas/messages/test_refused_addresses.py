"""A mail server or a gateway that refuses an address at the hand-over: a bounce like one that comes back."""

import asyncio
import datetime

from sqlalchemy import func, select, update

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import MasterId
from models.messages.events import message_events
from models.messages.tables import MessageStatus, messages
from models.statistics.tables import statistic_deltas
from resolvers.messages.delivery.settle import settle_messages, settled_as
from resolvers.messages.transport import Handed, Verdict
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.world.domains import KEYRING
from tests.world.messages import mail, send
from tests.world.suppressions import streams
from tests.world.world import World

_ANSWERS = {
    "unknown": "550 5.1.1 No such user",
    "disabled": "550 5.2.1 The mailbox is disabled",
    "full": "552 5.2.2 The mailbox is full",
    "policy": "550 5.7.1 Your reputation is low",
    "content": "554 No",
}
_GONE = {"unknown", "disabled"}


async def test_an_address_that_takes_nothing_is_not_sent_to_again(api: Api, shop: Shop, site: Site) -> None:
    """What is refused for another reason has failed, and its address stays."""
    site.mailbox.answer = lambda to: _ANSWERS[to.partition("@")[0]]
    await send(api, shop.owner, shop.account, [mail(name, f"{name}@example.com") for name in _ANSWERS])
    await site.work(shop)
    found = await site.statuses(shop)
    assert found == {f"{name}@example.com": ("FAILED", answer) for name, answer in _ANSWERS.items()}
    able = {name: await streams(api, shop.owner, shop.account, f"{name}@example.com") for name in _ANSWERS}
    assert able == {name: "" if name in _GONE else "MT" for name in _ANSWERS}
    assert await _events(site, shop) == {
        "unknown@example.com": ("HARD_BOUNCE", "5.1.1", _ANSWERS["unknown"]),
        "disabled@example.com": ("HARD_BOUNCE", "5.2.1", _ANSWERS["disabled"]),
    }
    assert await _counted(site, shop) == {"SENT": 5, "FAILED": 3, "HARD_BOUNCE": 2}


async def test_who_settles_late_counts_what_it_wrote_down(api: Api, shop: Shop, site: Site) -> None:
    """Others have found one of its messages to be doubtful meanwhile, and it stays so."""
    await send(api, shop.owner, shop.account, [mail("1", "late@example.com"), mail("2", "ann@example.com")])
    claimed = await site.claim(shop)
    async with site.database.begin() as connection:
        found = {"status": MessageStatus.DOUBTFUL.value, "answer": "Nobody knows.", "settled_at": func.now()}
        late = messages.c.recipient == "late@example.com"
        await connection.execute(update(messages).where(late).values(found))
    refused = Handed(Verdict.REFUSED, "554 No")
    settled = [settled_as(message, refused) for message in claimed.messages]
    async with site.sessions.begin() as session:
        tree = MasterId(shop.master.master)
        assert await settle_messages(session, tree, settled, lambda: KEYRING)
    statuses = {"late@example.com": ("DOUBTFUL", "Nobody knows."), "ann@example.com": ("FAILED", "554 No")}
    assert await site.statuses(shop) == statuses
    assert await _counted(site, shop) == {"SENT": 2, "FAILED": 1}


async def test_what_waits_for_the_same_address_is_not_handed_over(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    """In another account of the tree it is: nobody knows there that it bounced."""
    site.mailbox.answer = lambda _: _ANSWERS["unknown"]
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=30)
    given = [mail("1"), mail("2", "Ann@example.com", sendAt=later.isoformat())]
    await send(api, shop.owner, shop.account, given)
    await site.work(shop)
    await site.let_pass(shop, hours=1)
    await site.work(shop)
    excluded = "Messages to the recipient bounced. (BOUNCE)"
    assert (await site.statuses(shop))["Ann@example.com"] == ("EXCLUDED", excluded)
    above = await world.member(shop.master, BuiltinRole.ADMINISTRATOR)
    assert await streams(api, above, shop.master, "ann@example.com") == "MT"


async def test_workers_at_once_record_each_bounce_once(api: Api, shop: Shop, site: Site) -> None:
    """Also where both have messages to one address."""
    site.mailbox.answer = lambda _: _ANSWERS["unknown"]
    given = [mail(str(number), f"a{number % 5}@example.com") for number in range(20)]
    await send(api, shop.owner, shop.account, given)
    await asyncio.gather(site.work(shop), site.work(shop))
    counted = await _counted(site, shop)
    assert counted["SENT"] == 20
    assert 5 <= counted["HARD_BOUNCE"] <= 20
    async with site.database.connect() as connection:
        of_account = select(func.count()).where(message_events.c.account_id == shop.account.key)
        assert (await connection.execute(of_account)).scalar_one() == counted["HARD_BOUNCE"]


async def _events(site: Site, shop: Shop) -> dict[str, tuple[str, str | None, str | None]]:
    """By their messages' recipients."""
    both = messages.join(message_events, messages.c.id == message_events.c.message_id)
    event = message_events.c
    statement = select(messages.c.recipient, event.kind, event.status, event.diagnostic).select_from(both)
    async with site.database.connect() as connection:
        rows = (await connection.execute(statement.where(event.account_id == shop.account.key))).all()
    return {row.recipient: (row.kind, row.status, row.diagnostic) for row in rows}


async def _counted(site: Site, shop: Shop) -> dict[str, int]:
    counted = statistic_deltas.c
    statement = (
        select(counted.kind, func.sum(counted.number).label("number"))
        .where(counted.account_id == shop.account.key)
        .group_by(counted.kind)
    )
    async with site.database.connect() as connection:
        return {row.kind: int(row.number) for row in await connection.execute(statement)}
