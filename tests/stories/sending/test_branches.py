"""Headquarters with branches: a campaign is prepared once, adapted, approved and looked at side by side (R26,
R29, R35)."""

import datetime
from typing import Any

from models.settings.tables import SettingName
from resolvers.settings.values import CampaignApproval
from server.database.clock import Clock
from tests.authz.escalation.profiles import BY_NIGHT
from tests.client.api import Api
from tests.stories.business import Business
from tests.stories.sending.post import Post
from tests.world.plans import make_plan
from tests.world.settings import set_setting
from tests.world.world import World

_BRANCHES = 40 if BY_NIGHT else 4
_ALL = """query ($id: ID!) { account(id: $id) { campaigns(first: 200, includeDescendants: true) {
  totalCount nodes { id version name status recipients messages account { id } } } } }"""


async def test_headquarters_and_branches(api: Api, world: World, clock: Clock, post: Post) -> None:
    await clock.show(datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=40))
    hotels = await Business.founded(api, world, "Hotels")
    await hotels.begins_with(await make_plan(world, active_contacts=5000, sends=5000), clock)
    await set_setting(
        world, hotels.account, SettingName.CAMPAIGN_APPROVAL, CampaignApproval.ANOTHER_PERSON.value
    )
    branches = [await hotels.client(f"Inn {number}") for number in range(_BRANCHES)]
    values = {"accountId": hotels.account.id, "name": "Winter"}
    values["templateId"] = await post.template_of(hotels)
    made = await hotels.does("campaignCreate", "campaign { id }", **values)
    prepared = made["campaign"]["id"]

    # Each gets a copy, puts its own guests in, and asks to send it. Guests of two inns are one contact each.
    for number, inn in enumerate(branches):
        await post.opens(inn)
        copied = await hotels.does(
            "campaignCopy", "campaign { id version }", campaignId=prepared, accountId=inn.account.id
        )
        guests = ["regular@example.com", *[f"g{number}-{guest}@example.com" for guest in range(number % 5)]]
        changes = {"contactListIds": [await post.list_of(inn, guests)], "name": f"Winter at {number}"}
        named = {"campaignId": copied["campaign"]["id"]}
        changed = await inn.does(
            "campaignUpdate", "campaign { version }", **named, expectedVersion=1, **changes
        )
        version = changed["campaign"]["version"]
        sent = await inn.does("campaignSend", "campaign { status version }", **named, expectedVersion=version)
        assert sent["campaign"]["status"] == "AWAITING_APPROVAL"
        waiting = {**named, "expectedVersion": sent["campaign"]["version"]}
        assert await inn.refused("campaignApprove", **waiting) == "SECOND_PERSON_REQUIRED"
    assert post.site.mailbox.taken == []

    # The owner sees all of them, approves all but the last, and declines that.
    found = [each for each in await _campaigns(hotels) if each["status"] == "AWAITING_APPROVAL"]
    assert len(found) == _BRANCHES
    *approved, declined = sorted(found, key=lambda each: each["id"])
    for each in approved:
        await hotels.does("campaignApprove", campaignId=each["id"], expectedVersion=each["version"])
    await hotels.does("campaignCancel", campaignId=declined["id"])
    await post.carry(hotels)
    assert sum(each["messages"] for each in await _campaigns(hotels)) == len(post.site.mailbox.taken)
    statuses = {each["name"]: each["status"] for each in await _campaigns(hotels)}
    assert sorted(statuses.values()) == ["DRAFT", "DRAFT", *["SENT"] * (_BRANCHES - 1)]

    # Side by side: each inn what it sent; an inn sees itself alone.
    expected = {f"Inn {number}": 1 + number % 5 for number in range(_BRANCHES - 1)}
    counted = await post.counted(hotels, branches[:-1])
    assert {name: each.received for name, each in counted.items()} == expected
    usage = await hotels.usage()
    assert usage.sent_by == expected
    assert usage.contacts[0] == 1 + sum(expected.values()) - (_BRANCHES - 1)
    ids = {inn.account.id: inn.account.name for inn in branches}
    rows = await post.statistics(hotels)
    assert {ids[row["account"]["id"]]: row["numbers"]["sent"] for row in rows} == expected
    first = await post.statistics(branches[0])
    assert [row["account"]["id"] for row in first] == [branches[0].account.id]
    assert [each["name"] for each in await _campaigns(branches[0])] == ["Winter at 0"]


async def _campaigns(business: Business) -> list[dict[str, Any]]:
    found = await business.api.read(_ALL, business.owner, id=business.account.id)
    nodes: list[dict[str, Any]] = found["account"]["campaigns"]["nodes"]
    return nodes
