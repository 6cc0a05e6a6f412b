"""What a campaign sends is counted by its recipients too, when its messages are written."""

import datetime
from typing import Any

from models.settings.tables import SettingName
from models.templates.tables import TemplateChannel
from tests.areas.campaigns.conftest import Desk
from tests.areas.statistics.asking import DAY
from tests.engine.statements import trips
from tests.world.campaigns import add_to_list, give_list
from tests.world.contacts import contact_list_id, give_phone_contact
from tests.world.settings import set_setting
from tests.world.statistics import roll_up
from tests.world.suppressions import give_unsubscribe
from tests.world.templates import give_template, template_id

_BOTH = """
query ($id: ID!, $since: Date!, $until: Date!) {
  statistics(accountId: $id, since: $since, until: $until, by: [CAMPAIGN]) {
    nodes { campaignId numbers { sent sends deliveryRate } }
  }
  recipientStatistics(accountId: $id, since: $since, until: $until, interval: DAY) {
    nodes { startsOn channel recipients numbers { sent sends } }
  }
}
"""


async def _read(desk: Desk) -> tuple[list[dict[str, Any]], dict[str, tuple[int, int]]]:
    """What was sent by campaign, and to whom: messages, and the sends that they are."""
    await roll_up(desk.sessions, desk.shop.account)
    today = datetime.datetime.now(datetime.UTC).date()
    days = {"since": str(today - 2 * DAY), "until": str(today + 2 * DAY)}
    found = await desk.api.read(_BOTH, desk.shop.owner, id=desk.shop.account.id, **days)
    to = {
        node["recipients"]: (node["numbers"]["sent"], node["numbers"]["sends"])
        for node in found["recipientStatistics"]["nodes"]
    }
    assert len(to) == len(found["recipientStatistics"]["nodes"])
    return found["statistics"]["nodes"], to


async def test_domains_of_a_campaign(desk: Desk) -> None:
    """As many in all as were paid: also who is excluded between the start and the writing. Once."""
    emails = ["ann@one.example", "bob@one.example", "carl@three.example", "dora@two.example"]
    sent = await desk.send(await desk.draft(*emails))
    assert (await _read(desk))[1] == {}
    await give_unsubscribe(desk.world, desk.shop.account, emails[0])
    for _ in range(2):
        await desk.work(sent)
        ((row,), to) = await _read(desk)
        assert (row["campaignId"], row["numbers"]["sent"], row["numbers"]["sends"]) == (sent["id"], 4, 4)
        assert to == {"one.example": (2, 2), "three.example": (1, 1), "two.example": (1, 1)}


async def test_countries_of_a_campaign_by_sms(desk: Desk) -> None:
    """Messages, and the parts that they are paid as, apart: rates go by messages."""
    account = desk.shop.account
    key = await give_template(
        desk.world, account, "Two", channel=TemplateChannel.SMS, text="{{ contact.phone }} STOP ends this"
    )
    numbers = ["+46701234567", "+46701234568", "+4915112345678"]
    made = [await give_phone_contact(desk.world, account, number) for number in numbers]
    list_key = await give_list(desk.world, account, name="Numbers")
    await add_to_list(desk.world, account, list_key, *made)
    draft = await desk.draft(
        templateId=template_id(account, key),
        contactListIds=[contact_list_id(account, list_key)],
        smsSender="Verdant",
        mostParts=2,
    )
    await desk.work(await desk.send(draft))
    (row,), to = await _read(desk)
    assert (row["numbers"]["sent"], row["numbers"]["sends"]) == (3, 6)
    assert to == {"SE": (2, 4), "DE": (1, 2)}


async def test_they_count_on_the_day_of_the_start(desk: Desk) -> None:
    """However long the writing takes, in the account's time zone."""
    await set_setting(desk.world, desk.shop.account, SettingName.TIME_ZONE, "Pacific/Auckland")
    sent = await desk.send(await desk.draft("ann@one.example"))
    started = datetime.datetime.now(datetime.UTC) - 10 * DAY
    await desk.change(sent, started_at=started)
    await desk.work(sent)
    await roll_up(desk.sessions, desk.shop.account)
    days = {"since": str((started - DAY).date()), "until": str((started + 2 * DAY).date())}
    found = await desk.api.read(_BOTH, desk.shop.owner, id=desk.shop.account.id, **days)
    (node,) = found["recipientStatistics"]["nodes"]
    assert (node["recipients"], node["numbers"]["sent"]) == ("one.example", 1)


async def test_a_slice_takes_as_many_statements_whatever_is_in_it(desk: Desk) -> None:
    taken = []
    for many in (2, 6):
        emails = [f"{many}-{number}@{number}.example" for number in range(many)]
        sent = await desk.send(await desk.draft(*emails, name=f"To {many}"))
        with trips() as made:
            await desk.work(sent)
        taken.append(len(made))
    assert taken[0] == taken[1]
