"""Campaigns."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.campaigns.tables import CampaignStatus, campaigns
from models.messages.tables import MessageChannel
from resolvers.campaigns import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User


@entity(campaigns, requires=Permission.CAMPAIGNS_READ)
class Campaign(Node):
    """One template, sent to everybody in an audience. Its messages are of the stream MARKETING."""

    id: strawberry.ID = column(codec=global_id(Kind.CAMPAIGN), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    name: str = column(description="Its name. No recipient sees it.")
    status: CampaignStatus = column(codec=enum_of(CampaignStatus), description="How far it is.")
    version: int = column(description="For `expectedVersion`.")
    channel: MessageChannel = column(
        codec=enum_of(MessageChannel), description="How its messages reach their recipients."
    )
    label: str | None = column(description="The team that it belongs to, as in `sendReserve`.")
    template_id: strawberry.ID = computed(reads.template_id_of)
    template_version: int | None = column(
        description="The number of the template's version that is sent; null before the start."
    )
    contact_list_ids: list[strawberry.ID] = computed(reads.contact_list_ids_of)
    excluded_contact_list_ids: list[strawberry.ID] = computed(reads.excluded_list_ids_of)
    attribute: str | None = column(
        description="The attribute that a contact must have a value of; null: it does not matter."
    )
    value: str | None = column(description="The value of the attribute, as a text; null: any.")
    messages_per_hour: int | None = column(
        description="The most messages that are handed over in an hour; null: as many as can be."
    )
    sms_sender: str | None = column(description="Whom SMS come from; null for e-mail.")
    most_parts: int | None = column(
        description="In how many parts an SMS is sent at most. Each counts as so many sends. Null for e-mail."
    )
    starts_local: str | None = column(
        description="The date and time at which it was asked to start, in `timeZone`; null: at once, or not "
        "asked for.",
    )
    time_zone: str | None = column(description="The account's time zone when it was asked for.")
    starts_at: datetime.datetime | None = column(
        description="The moment that this is. A time that clocks skip is the next one that there is; of one "
        "that comes twice it is the first."
    )
    sender: str | None = column(description="Whom it comes from; null before the start.")
    recipients: int | None = column(description="How many are sent to, and paid for; null before the start.")
    left_out: int | None = column(
        description="How many of the audience were blocked, had unsubscribed or bounced at the start."
    )
    messages: int = column(
        description="How many messages were written. Whoever is blocked, unsubscribes or is deleted after "
        "the start gets none."
    )
    failure_code: str | None = column(
        description="The code of what refused it at its time, such as INSUFFICIENT_CREDIT; null unless it "
        "failed."
    )
    failure_message: str | None = column(description="The same for people.")
    created_by: User | None = to_one(reads.maker_of)
    sent_by: User | None = to_one(reads.asker_of)
    approved_by: User | None = to_one(reads.approver_of)
    created_at: datetime.datetime = column(description="When it was made.")
    started_at: datetime.datetime | None = column(description="When it was started.")
    ended_at: datetime.datetime | None = column(description="When all was done, or it was canceled.")
