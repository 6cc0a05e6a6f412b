"""SMS: a text and a sender, counted by their parts, handed to a gateway."""

from typing import Any

import pytest
from sqlalchemy import select

from models.messages.tables import messages
from models.settings.tables import SettingName
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.areas.messages.sms.sms_site import SmsSite, sms_site
from tests.areas.templates.asking import create_template
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.world.block_list import give_entries
from tests.world.contacts import give_full_contact
from tests.world.messages import mail, send
from tests.world.settings import set_setting
from tests.world.world import World

__all__ = ["sms_site"]

_SHOWN = """query ($id: ID!, $recipient: String!) { account(id: $id) {
  transactionalMessages(recipient: $recipient) { nodes { recipient } } } }"""


def _sms(key: str, to: str = "+46701234567", **more: Any) -> dict[str, Any]:
    return {"idempotencyKey": key, "to": to, "text": "Your code is 7", "from": "Verdant", **more}


async def test_an_sms_reaches_the_gateway_beside_mail(api: Api, shop: Shop, sms_site: SmsSite) -> None:
    given = [_sms("1", "+46 70 123 45 67"), mail("2"), _sms("3", "+46701234568")]
    sms_site.gateway.refused = {"+46701234568"}
    await send(api, shop.owner, shop.account, given)
    await sms_site.site.work(shop)
    (taken,) = sms_site.gateway.taken
    assert {name: taken[name] for name in ("to", "from", "text")} == {
        "to": "+46701234567",
        "from": "Verdant",
        "text": "Your code is 7",
    }
    assert sms_site.site.mailbox.recipients == ["ann@example.com"]
    assert {to: status for to, (status, _) in (await sms_site.site.statuses(shop)).items()} == {
        "+46 70 123 45 67": "SENT",
        "ann@example.com": "SENT",
        "+46701234568": "FAILED",
    }


@pytest.mark.parametrize("path", Path)
async def test_a_number_is_shown_as_it_is_found(
    api: Api, shop: Shop, world: World, sms_site: SmsSite, path: Path
) -> None:
    """However it was given: in one form, which the gateway gets, too (T26). A contact has both forms."""
    await set_setting(world, shop.account, SettingName.DEFAULT_COUNTRY, "SE")
    spellings = ["070-123 45 67", "+46 (0)70 123 45 67", "\uff0b46701234567", "+46701234567"]
    await send(api, shop.owner, shop.account, [_sms(each, each) for each in spellings])
    for recipient in ["+46 70 123 45 67", *spellings[1:]]:
        found = await api.read(path.of(_SHOWN), shop.owner, id=shop.account.id, recipient=recipient)
        nodes = found["account"]["transactionalMessages"]["nodes"]
        assert [each["recipient"] for each in nodes] == ["+46701234567"] * 4
    await sms_site.site.work(shop)
    assert {each["to"] for each in sms_site.gateway.taken} == {"+46701234567"}
    wrong = await api.ask(path.of(_SHOWN), shop.owner, id=shop.account.id, recipient=spellings[0])
    assert wrong.errors[0]["extensions"]["argument"] == "recipient"
    assert "begin it with + " in wrong.errors[0]["message"].lower()


async def test_its_parts_are_sends_and_the_gateways_id_is_kept(
    api: Api, shop: Shop, world: World, sms_site: SmsSite
) -> None:
    """Of 20 sends: 153 characters a part, or 67 where one of them is not in the alphabet of GSM."""
    await send(api, shop.owner, shop.account, [_sms("1", text="a" * 307), _sms("2", text="č" * 71)])
    await sms_site.site.work(shop)
    found = select(messages.c.sends, messages.c.reference).where(messages.c.account_id == shop.account.key)
    async with world.database.connect() as connection:
        rows = sorted(tuple(row) for row in await connection.execute(found))
    assert [row[0] for row in rows] == [2, 3]
    assert {row[1] for row in rows} == {"gateway-1", "gateway-2"}
    usage = "query ($id: ID!) { account(id: $id) { usage { sent } } }"
    assert (await api.read(usage, shop.owner, id=shop.account.id))["account"]["usage"]["sent"] == 5


async def test_a_national_number_is_one_of_the_accounts_country(
    api: Api, shop: Shop, world: World, sms_site: SmsSite
) -> None:
    await set_setting(world, shop.account, SettingName.DEFAULT_COUNTRY, "SE")
    await send(api, shop.owner, shop.account, [_sms("1", "070-123 45 67")])
    await sms_site.site.work(shop)
    assert sorted(sms["to"] for sms in sms_site.gateway.taken) == ["+46701234567"]


async def test_a_blocked_number_gets_nothing(api: Api, shop: Shop, world: World, sms_site: SmsSite) -> None:
    await give_entries(world, shop.master, ["+46701234567"])
    (outcome,) = await send(api, shop.owner, shop.account, [_sms("1")])
    assert outcome["error"]["code"] == "RECIPIENT_EXCLUDED"
    await sms_site.site.work(shop)
    assert (sms_site.gateway.taken, await sms_site.site.statuses(shop)) == ([], {})


async def test_without_a_gateway_an_sms_waits_and_mail_does_not(api: Api, shop: Shop, site: Site) -> None:
    await send(api, shop.owner, shop.account, [_sms("1"), mail("2")])
    await site.work(shop)
    await site.work(shop)
    assert {to: status for to, (status, _) in (await site.statuses(shop)).items()} == {
        "+46701234567": "WAITING",
        "ann@example.com": "SENT",
    }
    assert await site.queued(shop) == 1


_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no sender": ({"from": None}, "from"),
    "a sender that is too long": ({"from": "Verdant Shop 24"}, "from"),
    "a sender of digits without a country": ({"from": "0701234567"}, "from"),
    "a sender in two lines": ({"from": "Ver\ndant"}, "from"),
    "no text": ({"text": None}, "text"),
    "a text of spaces": ({"text": "  "}, "text"),
    "too many parts": ({"text": "a" * 1_531}, "text"),
    "a control character": ({"text": "a\x07"}, "text"),
    "a subject": ({"subject": "Hello"}, "subject"),
    "HTML": ({"html": "<p>Hello</p>"}, "html"),
    "an address for answers": ({"replyTo": "a@example.com"}, "replyTo"),
    "headers": ({"headers": [{"name": "X-A", "value": "b"}]}, "headers"),
    "variables": ({"variables": {"a": 1}}, "variables"),
    "a number of parts": ({"mostParts": 1}, "mostParts"),
    "a number without a country": ({"to": "0701234567"}, "to"),
}


@pytest.mark.parametrize("name", _WRONG)
async def test_what_no_sms_is(api: Api, shop: Shop, site: Site, name: str) -> None:
    change, field = _WRONG[name]
    (outcome,) = await send(api, shop.owner, shop.account, [{**_sms("1"), **change}])
    assert (outcome["error"]["code"], outcome["error"]["field"][-1]) == ("BAD_USER_INPUT", field)
    assert await site.statuses(shop) == {}


@pytest.mark.parametrize("sender", ["Verdant", "A1", "Shop & Co", "+46701234567"])
async def test_who_an_sms_can_come_from(api: Api, shop: Shop, sender: str) -> None:
    (outcome,) = await send(api, shop.owner, shop.account, [{**_sms("1"), "from": sender}])
    assert outcome["error"] is None


async def _template(api: Api, shop: Shop, text: str) -> str:
    return await create_template(api, shop.owner, shop.account, "Code", text=text)


async def test_a_template_makes_it_with_what_is_known_of_the_contact(
    api: Api, shop: Shop, world: World, sms_site: SmsSite
) -> None:
    """R83. The version is that of the sending; the parts that were allowed are the sends."""
    await give_full_contact(world, shop.account)
    text = "Hi {{ contact.externalId }}, {{ message.code }} {{ account.name }}"
    template = await _template(api, shop, text)
    given: dict[str, Any] = {
        "templateId": template,
        "text": None,
        "variables": {"code": "ž" * 60},
        "mostParts": 2,
    }
    (outcome,) = await send(api, shop.owner, shop.account, [_sms("1", "+4612345678", **given)])
    assert outcome["error"] is None
    change = {"templateId": template, "expectedVersion": 1, "text": "Changed"}
    await done(api, "templateUpdate", shop.owner, "template { version }", **change)
    await sms_site.site.work(shop)
    (taken,) = sms_site.gateway.taken
    assert taken["text"].startswith(f"Hi 7, {'ž' * 60} ")
    usage = "query ($id: ID!) { account(id: $id) { usage { sent } } }"
    assert (await api.read(usage, shop.owner, id=shop.account.id))["account"]["usage"]["sent"] == 2
    again = await send(api, shop.owner, shop.account, [_sms("1", "+4612345678", **given)])
    assert again[0]["replayed"] is True
    other = await send(api, shop.owner, shop.account, [_sms("1", "+4612345678", **given | {"mostParts": 3})])
    assert other[0]["error"]["code"] == "IDEMPOTENCY_MISMATCH"


_RENDERED = {
    "more parts than were allowed": ("a" * 200, "It has 2 parts; the most allowed is 1."),
    "nothing": (" ", "An SMS needs a text."),
    "a control character": ("a\x07", "Must not contain control characters, other than line breaks."),
}


async def test_what_a_template_becomes_that_is_no_sms_is_not_sent(
    api: Api, shop: Shop, sms_site: SmsSite
) -> None:
    template = await _template(api, shop, "{{ message.text }}")
    shared = {"templateId": template, "text": None, "mostParts": 1}
    given = [
        _sms(name, f"+4670123456{number}", **shared, variables={"text": text})
        for number, (name, (text, _)) in enumerate(_RENDERED.items())
    ]
    await send(api, shop.owner, shop.account, given)
    await sms_site.site.work(shop)
    assert sms_site.gateway.taken == []
    failed = {("FAILED", f"It is no SMS: {why}") for _, why in _RENDERED.values()}
    assert set((await sms_site.site.statuses(shop)).values()) == failed


async def test_what_no_sms_of_a_template_is(api: Api, shop: Shop, site: Site) -> None:
    """Each at its own index, and nothing is sent."""
    short = await _template(api, shop, "Hi {{ contact.externalId }}")
    long = await create_template(api, shop.owner, shop.account, "Long", text="a" * 200)
    mail_template = await create_template(api, shop.owner, shop.account, "Mail", subject="Hi", text="Hi")
    base = {"templateId": short, "text": None, "mostParts": 1}
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "no number of parts": ({"mostParts": None}, "mostParts"),
        "no parts": ({"mostParts": 0}, "mostParts"),
        "too many parts": ({"mostParts": 11}, "mostParts"),
        "fewer parts than the text has": ({"templateId": long}, "mostParts"),
        "a text besides": ({"text": "Hello"}, "text"),
        "a template for e-mail": ({"templateId": mail_template}, "templateId"),
        "variables that are no object": ({"variables": [1]}, "variables"),
    }
    given = [_sms(name, **base | change) for name, (change, _) in wrong.items()]
    given.append(mail("mail", templateId=short, subject=None, text=None))
    outcomes = await send(api, shop.owner, shop.account, given)
    fields = [*(field for _, field in wrong.values()), "templateId"]
    found = [(each["error"]["code"], each["error"]["field"][-1]) for each in outcomes]
    assert found == [("BAD_USER_INPUT", field) for field in fields]
    assert await site.statuses(shop) == {}


_MARKETING = {
    "Two for one. STOP ends this": True,
    "Zwei für eins. ABMELDEN beendet das": False,
    "Två för en. AVSLUTA": True,
    "The end is near, so cancel and stop": False,
    "{{ contact.STOP }} for one": False,
}


async def test_marketing_says_how_to_get_no_more_of_it(api: Api, shop: Shop) -> None:
    """By a word that counts for numbers of Sweden, in a text and in a template."""
    given = [_sms(text, text=text) for text in _MARKETING]
    for number, text in enumerate(_MARKETING):
        template = await create_template(api, shop.owner, shop.account, f"T{number}", text=text)
        given.append(_sms(f"by template {text}", text=None, templateId=template, mostParts=1))
    outcomes = await send(api, shop.owner, shop.account, given, stream="MARKETING")
    fields = [None if each["error"] is None else each["error"]["field"][-1] for each in outcomes]
    assert fields[: len(_MARKETING)] == [None if says else "text" for says in _MARKETING.values()]
    assert fields[len(_MARKETING) :] == [None if says else "templateId" for says in _MARKETING.values()]


async def test_an_answer_that_is_garbage_leaves_a_doubt_and_nothing_goes_twice(
    api: Api, shop: Shop, sms_site: SmsSite
) -> None:
    """A gateway that answers 200 and garbage has perhaps taken it."""
    sms_site.gateway.garbled = {"+46701234567"}
    await send(api, shop.owner, shop.account, [_sms("1"), _sms("2", "+46701234568")])
    for _ in range(2):
        await sms_site.site.work(shop)
        await sms_site.site.let_pass(shop, hours=1)
    found = await sms_site.site.statuses(shop)
    assert {to: status for to, (status, _) in found.items()} == {
        "+46701234567": "DOUBTFUL",
        "+46701234568": "SENT",
    }
    assert sorted(sms["to"] for sms in sms_site.gateway.taken) == ["+46701234567", "+46701234568"]


async def test_marketing_whose_template_leaves_the_way_out_out_is_not_sent(
    api: Api, shop: Shop, sms_site: SmsSite
) -> None:
    texts = [
        "{% if message.all %}STOP ends this{% endif %} Two for one",
        "Two{% comment %}STOP{% endcomment %}",
    ]
    given = []
    for number, text in enumerate(texts):
        template = await create_template(api, shop.owner, shop.account, f"T{number}", text=text)
        shared = {"text": None, "templateId": template, "mostParts": 1}
        given.append(_sms(text, f"+4670123456{number}", **shared, variables={}))
    given.append(given[0] | {"idempotencyKey": "all", "to": "+46701234569", "variables": {"all": True}})
    outcomes = await send(api, shop.owner, shop.account, given, stream="MARKETING")
    assert [each["error"] for each in outcomes] == [None] * 3
    await sms_site.site.work(shop)
    assert [sms["to"] for sms in sms_site.gateway.taken] == ["+46701234569"]
    found = await sms_site.site.statuses(shop)
    assert sorted(status for status, _ in found.values()) == ["FAILED", "FAILED", "SENT"]
