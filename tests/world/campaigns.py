"""Campaigns, written straight into the database."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert

from engine.text.forms import compared
from models.base.ids import Kind, new_id, present
from models.campaigns.tables import CampaignStatus, campaigns
from models.contacts.tables import contact_list_members
from models.messages.tables import MessageChannel
from models.settings.tables import SettingName
from tests.world.contacts import give_contact, give_contact_list
from tests.world.messages import give_sender
from tests.world.settings import set_setting
from tests.world.templates import give_template
from tests.world.world import Account, World

_STARTED = {CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.SENT, CampaignStatus.CANCELED}


async def give_campaign(
    world: World,
    account: Account,
    *,
    status: CampaignStatus = CampaignStatus.DRAFT,
    name: str = "Spring",
    label: str | None = None,
    list_ids: Sequence[uuid.UUID] = (),
    template_key: uuid.UUID | None = None,
    key: uuid.UUID | None = None,
    sender: str = "news@example.com",
) -> uuid.UUID:
    """The account has a campaign like this. One that was started has nobody left to write to."""
    key = key or new_id()
    template = template_key or await give_template(world, account, "Spring")
    row: dict[str, Any] = {
        "master_id": account.master,
        "account_id": account.key,
        "id": key,
        "name": name,
        "status": status.value,
        "channel": MessageChannel.EMAIL.value,
        "template_id": template,
        "label": label,
        "compared_label": None if label is None else compared(label),
        "contact_list_ids": list(list_ids),
        "excluded_list_ids": [],
        "version": 1,
        "reached": 0,
        "messages": 0,
    }
    if status in _STARTED:
        ids = ("version_id", "reservation_id", "recipient_list_id", "first_message_id")
        row |= {name: new_id() for name in ids} | {"template_version": 1, "recipients": 0}
        row |= {"sender": sender, "started_at": func.now(), "next_at": func.now()}
    if status in (CampaignStatus.SENT, CampaignStatus.CANCELED):
        row["ended_at"] = func.now()
    if status is CampaignStatus.FAILED:
        row |= {"failure_code": "REVIEW_REQUIRED", "failure_message": "Ask for it."}
    if status is CampaignStatus.SCHEDULED:
        row |= {"starts_local": "2030-01-01T09:00", "time_zone": "UTC", "starts_at": func.now()}
    if status is CampaignStatus.AWAITING_APPROVAL:
        row["asked_by_user_id"] = (await world.person()).key
    async with world.database.begin() as connection:
        await connection.execute(insert(campaigns).values(row))
    return key


async def give_list(world: World, account: Account, *emails: str, name: str = "News") -> uuid.UUID:
    """The account has a contact list of new contacts with these addresses."""
    list_key = await give_contact_list(world, account, name)
    await add_to_list(
        world, account, list_key, *[await give_contact(world, account, each) for each in emails]
    )
    return list_key


async def add_to_list(world: World, account: Account, list_key: uuid.UUID, *contacts: uuid.UUID) -> None:
    """These contacts are in the list, too."""
    place = {"master_id": account.master, "account_id": account.key, "contact_list_id": list_key}
    if contacts:
        rows = [{**place, "contact_id": contact, "source": "a test"} for contact in contacts]
        async with world.database.begin() as connection:
            await connection.execute(insert(contact_list_members), rows)


def campaign_id(key: uuid.UUID) -> str:
    """As clients see it."""
    return present(Kind.CAMPAIGN, key)


async def give_sendable(
    world: World,
    account: Account,
    email: str,
    key: uuid.UUID | None = None,
    status: CampaignStatus = CampaignStatus.DRAFT,
) -> uuid.UUID:
    """The account has a campaign to this address, and what it takes to send it."""
    sender = await give_sender(world, account)
    await set_setting(world, account, SettingName.SENDER_ADDRESS, sender)
    list_key = await give_list(world, account, email)
    return await give_campaign(world, account, list_ids=[list_key], key=key, sender=sender, status=status)


def tomorrow() -> str:
    """A date and time in any zone, as clients write it."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1.5)).strftime("%Y-%m-%dT%H:%M")
