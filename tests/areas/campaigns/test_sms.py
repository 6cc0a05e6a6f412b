"""Campaigns by SMS: each message is paid as so many parts at most, and says how to get no more of them."""

from typing import Any

from models.settings.tables import SettingName
from models.templates.tables import TemplateChannel
from tests.areas.campaigns.conftest import Desk
from tests.areas.messages.conftest import site
from tests.areas.messages.sms.sms_site import SmsSite, sms_site
from tests.client.mutations import attempt
from tests.world.block_list import give_entries
from tests.world.campaigns import add_to_list, give_list, tomorrow
from tests.world.contacts import contact_list_id, give_phone_contact
from tests.world.sends import used
from tests.world.settings import set_setting
from tests.world.suppressions import give_bounce, give_unsubscribe
from tests.world.templates import give_template, template_id

__all__ = ["site", "sms_site"]

_NUMBERS = [f"+4670123456{last}" for last in range(5)]
_TEXT = "Two for one, {{ contact.phone }}! STOP ends this"
_PREVIEW = """query ($id: ID!) { campaignPreview(campaignId: $id) {
  recipients sends blocked unsubscribed bounced newContacts sendsLeft } }"""


async def _template(desk: Desk, text: str = _TEXT) -> str:
    key = await give_template(desk.world, desk.shop.account, "Two", channel=TemplateChannel.SMS, text=text)
    return template_id(desk.shop.account, key)


async def _list(desk: Desk, *numbers: str) -> str:
    """A list of these numbers, and of somebody who has none."""
    account = desk.shop.account
    key = await give_list(desk.world, account, "ann@example.com", name="Numbers")
    made = [await give_phone_contact(desk.world, account, number) for number in numbers]
    await add_to_list(desk.world, account, key, *made)
    return contact_list_id(account, key)


async def _draft(desk: Desk, *numbers: str, text: str = _TEXT, **more: Any) -> dict[str, Any]:
    values = {"templateId": await _template(desk, text), "smsSender": "+46 70 000 00 00", "mostParts": 2}
    if numbers:
        values["contactListIds"] = [await _list(desk, *numbers)]
    return await desk.draft(**values | more)


async def test_each_number_gets_one_sms_and_is_paid_by_its_parts(desk: Desk, sms_site: SmsSite) -> None:
    """R83, N11, R77: who is excluded is left out, at the start and until it is handed over. Of 20 sends."""
    made = await _draft(desk, *_NUMBERS)
    await give_entries(desk.world, desk.shop.master, [_NUMBERS[0]])
    await give_unsubscribe(desk.world, desk.shop.account, _NUMBERS[1])
    await give_bounce(desk.world, desk.shop.account, _NUMBERS[2])
    before = await desk.api.read(_PREVIEW, desk.shop.owner, id=made["id"])
    assert before["campaignPreview"] == {
        "recipients": 2,
        "sends": 4,
        "blocked": 1,
        "unsubscribed": 1,
        "bounced": 1,
        "newContacts": 2,
        "sendsLeft": 16,
    }
    sent = await desk.send(made)
    assert (sent["recipients"], sent["leftOut"], sent["sender"]) == (2, 3, "+46700000000")
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (2, 4)
    await desk.work(sent)
    rows = await desk.messages()
    assert {(row.channel, row.sends, row.sender, row.stream) for row in rows} == {
        ("SMS", 2, "+46700000000", "MARKETING")
    }
    await give_unsubscribe(desk.world, desk.shop.account, _NUMBERS[3])
    await sms_site.site.work(desk.shop)
    assert [(sms["to"], sms["text"]) for sms in sms_site.gateway.taken] == [
        (_NUMBERS[4], f"Two for one, {_NUMBERS[4]}! STOP ends this")
    ]
    assert await desk.statuses() == {_NUMBERS[3]: "EXCLUDED", _NUMBERS[4]: "SENT"}


async def test_it_is_paused_and_goes_on(desk: Desk, sms_site: SmsSite) -> None:
    """T29: its sender is no address, and needs no domain."""
    sent = await desk.send(await _draft(desk, _NUMBERS[0]))
    await desk.do("campaignPause", campaignId=sent["id"])
    resumed = await desk.do("campaignResume", campaignId=sent["id"])
    assert resumed["campaign"]["status"] == "SENDING"
    await desk.work(sent)
    await sms_site.site.work(desk.shop)
    assert await desk.statuses() == {_NUMBERS[0]: "SENT"}


async def test_what_becomes_too_long_is_not_sent(desk: Desk, sms_site: SmsSite) -> None:
    text = "STOP ends this {% for i in (1..200) %}a{% endfor %}"
    sent = await desk.send(await _draft(desk, _NUMBERS[0], text=text, mostParts=1))
    await desk.work(sent)
    await sms_site.site.work(desk.shop)
    assert sms_site.gateway.taken == []
    (row,) = await desk.messages()
    assert (row.status, row.answer) == ("FAILED", "It is no SMS: It has 2 parts; the most allowed is 1.")


async def test_sends_beyond_the_plan_refuse_all_of_them(desk: Desk) -> None:
    """Five numbers of ten parts are fifty sends, and the plan has twenty."""
    made = await _draft(desk, *_NUMBERS, mostParts=10)
    values = {"campaignId": made["id"], "expectedVersion": 1}
    refused = await attempt(desk.api, "campaignSend", desk.shop.owner, **values)
    assert refused.code == "SEND_LIMIT_REACHED"
    assert (await desk.row(made)).status == "DRAFT"
    assert await used(desk.api, desk.shop.owner, desk.shop.account) == (0, 0)


_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no sender": ({"smsSender": None}, "smsSender"),
    "a sender that is too long": ({"smsSender": "Verdant Shop 24"}, "smsSender"),
    "a national number": ({"smsSender": "0701234567"}, "smsSender"),
    "no parts": ({"mostParts": 0}, "mostParts"),
    "eleven parts": ({"mostParts": 11}, "mostParts"),
    "no number of parts": ({"mostParts": None}, "mostParts"),
    "neither": ({"smsSender": None, "mostParts": None}, "smsSender"),
}


async def test_what_no_campaign_by_sms_is(desk: Desk) -> None:
    """Also one of e-mail with a sender of SMS; and a change from one to the other takes both."""
    template = await _template(desk)
    base = {"accountId": desk.shop.account.id, "name": "Two", "attribute": "town"}
    right = base | {"templateId": template, "smsSender": "Verdant", "mostParts": 1}
    mail = template_id(desk.shop.account, await give_template(desk.world, desk.shop.account, "Mail"))
    wrong = {**_WRONG, "a template for e-mail": ({"templateId": mail}, "smsSender")}
    for why, (change, field) in wrong.items():
        refused = await attempt(desk.api, "campaignCreate", desk.shop.owner, **right | change)
        assert (refused.code, refused.named) == ("BAD_USER_INPUT", field), why
    made = (await desk.do("campaignCreate", **right))["campaign"]
    update = {"campaignId": made["id"], "expectedVersion": 1}
    refused = await attempt(desk.api, "campaignUpdate", desk.shop.owner, **update, templateId=mail)
    assert (refused.code, refused.named) == ("BAD_USER_INPUT", "smsSender")
    both = {"templateId": mail, "smsSender": None, "mostParts": None}
    await desk.do("campaignUpdate", **update, **both)
    row = await desk.row(made)
    assert (row.channel, row.sms_sender, row.most_parts, row.version) == ("EMAIL", None, None, 2)


_SAYS_NOT = (
    "Zwei für eins. ABMELDEN beendet das",
    "Two for one. Reply stop",
    "Two for one {{ account.STOP }}",
    f"Two for one. STOP {'a' * 320}",
)


async def test_it_says_how_to_get_no_more_of_it(desk: Desk) -> None:
    """By a word that counts everywhere or in the account's country; what is too long anyhow is refused, too.
    Neither is sent nor scheduled."""
    shared = {"contactListIds": [await _list(desk, _NUMBERS[0])]}
    for text in _SAYS_NOT:
        made = await _draft(desk, text=text, **shared)
        values = {"campaignId": made["id"], "expectedVersion": 1}
        for name, more in (("campaignSend", {}), ("campaignSchedule", {"startsAt": tomorrow()})):
            refused = await attempt(desk.api, name, desk.shop.owner, **values, **more)
            assert (refused.code, refused.named) == ("BAD_USER_INPUT", "campaignId"), (name, text)
        assert (await desk.row(made)).status == "DRAFT"
    await set_setting(desk.world, desk.shop.account, SettingName.DEFAULT_COUNTRY, "DE")
    made = await _draft(desk, text=_SAYS_NOT[0], **shared)
    assert (await desk.send(made))["status"] == "SENDING"


async def test_a_copy_is_one_by_sms_too(desk: Desk) -> None:
    """R26: with its template."""
    made = await _draft(desk, _NUMBERS[0])
    values = {"campaignId": made["id"], "accountId": desk.shop.account.id}
    row = await desk.row((await desk.do("campaignCopy", **values))["campaign"])
    assert (row.channel, row.sms_sender, row.most_parts) == ("SMS", "+46700000000", 2)
