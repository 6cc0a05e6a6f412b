"""What a template contains stops its own message at most: nothing is sent twice, nothing lost."""

from models.messages.tables import MessageStatus
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.messages import mail, send
from tests.world.templates import give_template, template_id
from tests.world.world import World

_ENDLESS = "{% for a in (1..100000) %}{% for b in (1..100000) %}{{ a }}{% endfor %}{% endfor %}"
_BREAK = "Ann\r\nBcc: everybody@example.com"


async def test_a_template_that_never_ends_fails_alone(api: Api, shop: Shop, world: World, site: Site) -> None:
    endless = template_id(shop.account, await give_template(world, shop.account, "Endless", text=_ENDLESS))
    of_template = {"idempotencyKey": "1", "to": "ann@example.com", "templateId": endless}
    given = [of_template, mail("2", "ben@example.com")]
    assert [each["error"] for each in await send(api, shop.owner, shop.account, given)] == [None, None]
    for _ in range(2):
        await site.work(shop)
        await site.let_pass(shop, hours=1)
    found = await site.statuses(shop)
    assert {to: status for to, (status, _) in found.items()} == {
        "ann@example.com": MessageStatus.FAILED.value,
        "ben@example.com": MessageStatus.SENT.value,
    }
    assert "cannot be rendered" in str(found["ann@example.com"][1])
    assert site.mailbox.recipients == ["ben@example.com"]


async def test_no_value_adds_a_header(api: Api, shop: Shop, site: Site) -> None:
    """A variable in the subject of a template."""
    of = {"accountId": shop.account.id}
    content = {"name": "Named", "channel": "EMAIL", "subject": "{{ message.name }}!", "text": "Hello"}
    made = await done(api, "templateCreate", shop.owner, "template { id }", **of, **content)
    given = {"idempotencyKey": "1", "to": "ann@example.com", "templateId": made["template"]["id"]}
    await send(api, shop.owner, shop.account, [{**given, "variables": {"name": _BREAK}}])
    await site.work(shop)
    ((status, _),) = (await site.statuses(shop)).values()
    assert status == MessageStatus.SENT.value
    ((to, taken),) = site.mailbox.taken
    assert (to, taken["Bcc"]) == ("ann@example.com", None)
    assert taken["Subject"] == "Ann Bcc: everybody@example.com!"
