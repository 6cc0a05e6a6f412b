"""The rows of the area `campaigns` in the tables that have one for each mutation, table or id."""

import uuid

from models.base.ids import Kind
from models.campaigns.tables import CampaignStatus, campaigns
from models.templates.tables import TemplateChannel
from tests.authz.escalation.statuses import NEEDS_ACTIVE, TAKES_AWAY, Row
from tests.authz.rules.consequences import NO_CONSEQUENCE, Pays, does
from tests.bad_input.place import Place
from tests.bad_input.values import Input
from tests.client.updates import Field, Null, Update, Updated
from tests.storage.growth import kept
from tests.storage.tree import Tree
from tests.world.brand import Brand
from tests.world.campaigns import campaign_id, give_campaign, give_list, give_sendable, tomorrow
from tests.world.contacts import contact_list_id
from tests.world.templates import give_template, template_id
from tests.world.world import Account, World

CONSEQUENCES = {
    "campaignCreate": NO_CONSEQUENCE,
    "campaignUpdate": NO_CONSEQUENCE,
    "campaignDelete": NO_CONSEQUENCE,
    "campaignCopy": NO_CONSEQUENCE,
    "campaignSend": does(Pays.POOL),
    "campaignSchedule": does(Pays.POOL),
    "campaignApprove": does(Pays.POOL),
    "campaignPause": NO_CONSEQUENCE,
    "campaignResume": NO_CONSEQUENCE,
    "campaignCancel": NO_CONSEQUENCE,
}


STATUSES = {
    "campaignCreate": Row(NEEDS_ACTIVE),
    "campaignUpdate": Row(NEEDS_ACTIVE),
    "campaignDelete": Row(NEEDS_ACTIVE),
    "campaignCopy": Row(NEEDS_ACTIVE),
    "campaignSend": Row(NEEDS_ACTIVE),
    "campaignSchedule": Row(NEEDS_ACTIVE),
    "campaignApprove": Row(NEEDS_ACTIVE),
    "campaignPause": Row(TAKES_AWAY),
    "campaignResume": Row(NEEDS_ACTIVE),
    "campaignCancel": Row(TAKES_AWAY),
}


BOUNDS = {"campaigns": kept("what was sent, with its counts; at most 1,000 that are not over")}


REMOVES = {"campaignDelete": "removedCampaignId"}


def _key(account: Account, status: CampaignStatus) -> uuid.UUID:
    """Of the account's campaign with this status."""
    return uuid.uuid5(account.key, status.value)


def inputs(place: Place) -> dict[str, Input]:
    """An input that works for each mutation, with a value for every field."""
    draft = {"campaignId": place.objects[Kind.CAMPAIGN]}
    sendable = draft | {"expectedVersion": 1}
    others = {
        status: {"campaignId": campaign_id(_key(place.account, status))}
        for status in (CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.AWAITING_APPROVAL)
    }
    values = {
        "name": "Spring",
        "templateId": place.objects[Kind.TEMPLATE],
        "label": "Shop",
        "contactListIds": [place.objects[Kind.CONTACT_LIST]],
        "excludedContactListIds": [place.objects[Kind.CONTACT_LIST]],
        "attribute": "country",
        "value": "SE",
        "messagesPerHour": 100,
        "smsSender": None,
        "mostParts": None,
    }
    return {
        "campaignCreate": {"accountId": place.account.id, **values},
        "campaignUpdate": {**sendable, **values},
        "campaignDelete": draft,
        "campaignCopy": draft | {"accountId": place.account.id},
        "campaignSend": sendable,
        "campaignSchedule": sendable | {"startsAt": tomorrow()},
        "campaignApprove": others[CampaignStatus.AWAITING_APPROVAL] | {"expectedVersion": 1},
        "campaignPause": others[CampaignStatus.SENDING],
        "campaignResume": others[CampaignStatus.PAUSED],
        "campaignCancel": others[CampaignStatus.SENDING],
    }


ID_FIELDS = {
    "campaignId": Kind.CAMPAIGN,
    "contactListIds": Kind.CONTACT_LIST,
    "excludedContactListIds": Kind.CONTACT_LIST,
}


async def give_objects(world: World, account: Account) -> dict[Kind, str]:
    """An object of each kind of id that the area has."""
    key = await give_sendable(world, account, "campaign@example.com")
    for status in (CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.AWAITING_APPROVAL):
        email = f"{status.value.lower()}@example.com"
        await give_sendable(world, account, email, _key(account, status), status=status)
    return {Kind.CAMPAIGN: campaign_id(key)}


async def give_rows(world: World, tree: Tree) -> None:
    """A row in each of the area's tables."""
    await give_campaign(world, tree.master)


async def _campaign(world: World, brand: Brand) -> Updated:
    template = await give_template(world, brand.us, "Spring", channel=TemplateChannel.SMS)
    key = await give_campaign(
        world, brand.us, list_ids=[await give_list(world, brand.us)], template_key=template
    )
    values = {
        "label": "Spring",
        "compared_label": "spring",
        "attribute": "country",
        "value": "SE",
        "messages_per_hour": 100,
    }
    values |= {"channel": "SMS", "sms_sender": "Verdant", "most_parts": 1}
    async with world.database.begin() as connection:
        await connection.execute(campaigns.update().where(campaigns.c.id == key).values(values))
    return Updated({"campaignId": campaign_id(key)}, campaigns.c.id == key)


async def _other_template(world: World, brand: Brand) -> str:
    return template_id(brand.us, await give_template(world, brand.us, "Other", channel=TemplateChannel.SMS))


async def _other_list(world: World, brand: Brand) -> list[str]:
    return [contact_list_id(brand.us, await give_list(world, brand.us, name="Other"))]


UPDATES = {
    "campaignUpdate": Update(
        campaigns,
        _campaign,
        {
            "name": Field("Autumn", ("name",), Null.REFUSED),
            "templateId": Field(_other_template, ("template_id",), Null.REFUSED),
            "label": Field("Autumn", ("label", "compared_label"), None),
            "contactListIds": Field(_other_list, ("contact_list_ids",), Null.REFUSED),
            "excludedContactListIds": Field(_other_list, ("excluded_list_ids",), Null.REFUSED),
            "attribute": Field("city", ("attribute",), Null.REFUSED),
            "value": Field("DE", ("value",), None),
            "messagesPerHour": Field(7, ("messages_per_hour",), None),
            "smsSender": Field("Shop", ("sms_sender",), Null.REFUSED),
            "mostParts": Field(2, ("most_parts",), Null.REFUSED),
        },
    ),
}
