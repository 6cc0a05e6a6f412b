"""Messages reach a real mail server, each once or with a word of doubt."""

import asyncio
import datetime
import uuid

import pytest

from authz.wall.worker_door import enter_as_worker
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, MasterId, parse_in_account
from models.settings.tables import SettingName
from server.jobs import message_turn
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.contacts import give_listed_contact
from tests.world.messages import mail, send
from tests.world.plans import make_plan, subscribe
from tests.world.settings import set_setting
from tests.world.templates import give_template, template_id
from tests.world.world import World


async def test_a_message_arrives_as_it_was_given(api: Api, shop: Shop, world: World, site: Site) -> None:
    await set_setting(world, shop.account, SettingName.SENDER_NAME, 'Inn "Sun" 🔥')
    more = {"replyTo": "help@example.com", "headers": [{"name": "X-Order", "value": "Größe 7"}]}
    given = mail("1", "Jörg@bücher.example", subject="Grüße 🔥", html="<p>Hi</p>", **more)
    await send(api, shop.owner, shop.account, [given])
    await site.work(shop)
    ((to, content),) = site.mailbox.taken
    assert to == "Jörg@xn--bcher-kva.example"
    assert content["From"].addresses[0].addr_spec == shop.sender
    # Python's reader leaves the bytes of a quoted name as they are.
    named = content["From"].addresses[0].display_name.encode(errors="surrogateescape").decode()
    assert named == 'Inn "Sun" 🔥'
    assert (content["Subject"], content["X-Order"]) == ("Grüße 🔥", "Größe 7")
    assert content["Reply-To"] == "help@example.com"
    bodies = {part.get_content_type(): part.get_content().strip() for part in content.iter_parts()}
    assert bodies == {"text/plain": "Hello!", "text/html": "<p>Hi</p>"}
    assert await site.statuses(shop) == {"Jörg@bücher.example": ("SENT", "250 Taken")}
    assert await site.queued(shop) == 0


async def test_a_template_is_rendered_for_its_recipient(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    """With the version of the moment when it was taken in."""
    await give_listed_contact(world, shop.account, "ada@example.com")
    text = "{{ contact.attributes.country }} {{ message.code }} {{ account.senderAddress }}"
    own = template_id(shop.account, await give_template(world, shop.account, "Own", text=text))
    given = {"idempotencyKey": "1", "to": "Ada@example.com", "templateId": own}
    await send(api, shop.owner, shop.account, [{**given, "variables": {"code": 7}}])
    change = {"templateId": own, "text": "Else", "expectedVersion": 1}
    assert (await attempt(api, "templateUpdate", shop.owner, **change)).done
    await site.work(shop)
    ((_, content),) = site.mailbox.taken
    assert content.get_content().strip() == f"SE 7 {shop.sender}"
    assert content["Subject"] == "Hello"


async def test_each_answer_has_its_status(api: Api, shop: Shop, site: Site) -> None:
    answers = {"a": "250 Taken", "b": "550 5.1.1 No such user", "c": "451 Later", "d": "end"}
    site.mailbox.answer = lambda to: answers[to[0]]
    given = [mail(name, f"{name}@example.com") for name in answers]
    await send(api, shop.owner, shop.account, given)
    await site.work(shop)
    found = await site.statuses(shop)
    assert {to[0]: status for to, (status, _) in found.items()} == {
        "a": "SENT",
        "b": "FAILED",
        "c": "WAITING",
        "d": "DOUBTFUL",
    }
    assert found["b@example.com"][1] == "550 5.1.1 No such user"
    assert found["c@example.com"][1] == "451 Later"
    await site.work(shop)
    assert site.mailbox.recipients == ["a@example.com"], "nothing is due, and nothing goes twice"
    site.mailbox.answer = lambda _: "250 Taken"
    await site.let_pass(shop, minutes=1)
    await site.work(shop)
    assert site.mailbox.recipients == ["a@example.com", "c@example.com"]
    assert await site.queued(shop) == 0


async def test_after_a_day_it_has_failed(api: Api, shop: Shop, site: Site) -> None:
    site.mailbox.answer = lambda _: "451 Later"
    await send(api, shop.owner, shop.account, [mail("1")])
    for _ in range(3):
        await site.work(shop)
        await site.let_pass(shop, hours=11.9)
    await site.work(shop)
    ((status, answer),) = (await site.statuses(shop)).values()
    assert (status, site.mailbox.taken) == ("FAILED", [])
    assert answer is not None
    assert "24 hours" in answer


async def test_what_a_dead_worker_claimed_is_doubtful(api: Api, shop: Shop, site: Site) -> None:
    """Reported, and never sent again, also where the worker lives and comes late."""
    await send(api, shop.owner, shop.account, [mail("1")])
    claimed = await site.claim(shop)
    assert [message.recipient for message in claimed.messages] == ["ann@example.com"]
    await site.work(shop)
    assert await site.statuses(shop) == {"ann@example.com": ("CLAIMED", None)}
    assert await site.queued(shop) == 1, "somebody looks again"
    await site.let_pass(shop, minutes=11)
    await site.work(shop)
    ((status, _),) = (await site.statuses(shop)).values()
    assert (status, site.mailbox.taken, await site.queued(shop)) == ("DOUBTFUL", [], 0)


async def test_a_batch_that_waited_long_is_put_back(
    api: Api, shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others would take it for one whose worker died, while it is handed over."""
    await send(api, shop.owner, shop.account, [mail("1")])
    with monkeypatch.context() as late:
        late.setattr(message_turn, "_STALE_SECONDS", -1.0)
        await site.work(shop)
    ((status, _),) = (await site.statuses(shop)).values()
    assert (status, await site.attempts(shop), site.mailbox.taken) == ("WAITING", [0], [])
    await site.work(shop)
    ((status, _),) = (await site.statuses(shop)).values()
    assert (status, await site.attempts(shop), site.mailbox.recipients) == ("SENT", [1], ["ann@example.com"])


async def test_two_workers_hand_over_each_message_once(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    await subscribe(world, shop.account, await make_plan(world, active_contacts=500, sends=500))
    given = [mail(str(number), f"a{number:03}@example.com") for number in range(150)]
    await send(api, shop.owner, shop.account, given)
    await asyncio.gather(site.work(shop), site.work(shop))
    await site.let_pass(shop, minutes=1)
    await site.work(shop)
    assert site.mailbox.recipients == [f"a{number:03}@example.com" for number in range(150)]
    assert await site.queued(shop) == 0


async def test_transactional_messages_come_first(api: Api, shop: Shop, site: Site) -> None:
    await send(api, shop.owner, shop.account, [mail("1", "a@example.com")], stream="MARKETING")
    await send(api, shop.owner, shop.account, [mail("2", "b@example.com")])
    claimed = await site.claim(shop)
    assert [message.recipient for message in claimed.messages] == ["b@example.com", "a@example.com"]


async def test_a_message_waits_for_its_time_and_for_its_account(
    api: Api, shop: Shop, world: World, site: Site
) -> None:
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    await send(api, shop.owner, shop.account, [mail("1", sendAt=tomorrow.isoformat())])
    await site.work(shop)
    await site.let_pass(shop, hours=25)
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    await site.work(shop)
    assert (await site.statuses(shop), site.mailbox.taken) == ({"ann@example.com": ("WAITING", None)}, [])
    await world.set_status(shop.account, AccountStatus.ACTIVE)
    await site.let_pass(shop, minutes=11)
    await site.work(shop)
    assert site.mailbox.recipients == ["ann@example.com"]


async def test_canceled_or_claimed_but_never_both(api: Api, shop: Shop, site: Site) -> None:
    sent = await send(api, shop.owner, shop.account, [mail(str(number)) for number in range(10)])
    ids = [each["message"]["id"] for each in sent]
    canceling = asyncio.gather(*[attempt(api, "messageCancel", shop.owner, messageId=id_) for id_ in ids])
    claimed, tried = await asyncio.gather(site.claim(shop), canceling)
    canceled = {_key(id_) for id_, each in zip(ids, tried, strict=True) if each.done}
    assert {each.code for each in tried} <= {"", "FAILED_PRECONDITION"}
    assert canceled.isdisjoint(message.id for message in claimed.messages)
    assert len(canceled) + len(claimed.messages) == 10


async def test_a_worker_enters_no_tree_without_messages(shop: Shop, site: Site) -> None:
    async with site.sessions.begin() as session:
        assert not await enter_as_worker(session, MasterId(shop.master.master))
    await site.work(shop)


def _key(id_: str) -> uuid.UUID:
    found = parse_in_account(Kind.TRANSACTIONAL_MESSAGE, id_)
    assert found is not None
    return found.id
