"""Rows of campaigns, behind their locks: first the account's in share mode, then the campaign's."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode, VersionConflict
from engine.text.forms import compared
from engine.writes.sessions import WriteSession
from models.accounts.trees import InTree, row_of
from models.base.ids import (
    CampaignId,
    Kind,
    TemplateId,
    present,
    present_in_account,
)
from models.campaigns.tables import CampaignStatus, campaigns
from models.messages.tables import MessageChannel
from resolvers.campaigns.audience import CampaignAudience
from resolvers.campaigns.sms import SmsTerms
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record

NOT_ASKED: dict[str, Any] = {
    "asked_by_user_id": None,
    "asked_by_api_key_id": None,
    "asked_from": None,
    "approved_by_user_id": None,
    "starts_local": None,
    "time_zone": None,
    "starts_at": None,
    "work_due_at": None,
}
"""What a draft has where nobody has asked to send it."""

NOT_FAILED: dict[str, Any] = {"failure_code": None, "failure_message": None}


@dataclass(frozen=True)
class Content:
    """What a campaign is, as long as it is a draft."""

    name: str
    template_id: TemplateId
    label: str | None
    audience: CampaignAudience
    messages_per_hour: int | None
    sms: SmsTerms | None = None

    @property
    def channel(self) -> MessageChannel:
        """How its messages reach their recipients."""
        return MessageChannel.EMAIL if self.sms is None else MessageChannel.SMS

    @property
    def sends_each(self) -> int:
        """That a message of it counts as."""
        return 1 if self.sms is None else self.sms.most_parts

    def columns(self) -> dict[str, Any]:
        """As the row has it."""
        return {
            "name": self.name,
            "template_id": self.template_id,
            "label": self.label,
            "compared_label": None if self.label is None else compared(self.label),
            "contact_list_ids": list(self.audience.list_ids),
            "excluded_list_ids": list(self.audience.excluded_ids),
            "attribute": self.audience.attribute,
            "value": self.audience.value,
            "messages_per_hour": self.messages_per_hour,
            "channel": self.channel.value,
            "sms_sender": None if self.sms is None else self.sms.sender,
            "most_parts": None if self.sms is None else self.sms.most_parts,
        }

    def logged(self, account_id: uuid.UUID) -> Change:
        """As the log shows it."""
        lists = {"contactLists": self.audience.list_ids, "excludedContactLists": self.audience.excluded_ids}
        named: Change = {
            name: [present_in_account(Kind.CONTACT_LIST, account_id, each) for each in ids]
            for name, ids in lists.items()
        }
        return {
            "name": self.name,
            "template": present_in_account(Kind.TEMPLATE, account_id, self.template_id),
            "label": self.label,
            **named,
            "attribute": self.audience.attribute,
            "value": self.audience.value,
            "messagesPerHour": self.messages_per_hour,
            "smsSender": None if self.sms is None else self.sms.sender,
            "mostParts": None if self.sms is None else self.sms.most_parts,
        }


@dataclass(frozen=True)
class Campaign:
    """A locked campaign. `row`: all of its columns, as they were then."""

    account: Authorized
    id: CampaignId
    row: Row[Any]

    @property
    def status(self) -> CampaignStatus:
        """How far it was then."""
        return CampaignStatus(self.row.status)

    @property
    def content(self) -> Content:
        """What it is."""
        row = self.row
        audience = CampaignAudience(
            tuple(row.contact_list_ids), tuple(row.excluded_list_ids), row.attribute, row.value
        )
        sms = None if row.sms_sender is None else SmsTerms(row.sms_sender, row.most_parts)
        template_id = TemplateId(row.template_id)
        return Content(row.name, template_id, row.label, audience, row.messages_per_hour, sms)

    def check_version(self, expected: int) -> None:
        """Raise CONFLICT where it has changed since the caller read it."""
        if self.row.version != expected:
            raise VersionConflict(self.row.version)

    def check_status(self, *allowed: CampaignStatus) -> None:
        """Raise FAILED_PRECONDITION for any other status."""
        if self.status not in allowed:
            message = f"The campaign is {self.status.value}: it has to be {_or(allowed)}."
            raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "campaignId")


def _or(statuses: tuple[CampaignStatus, ...]) -> str:
    return " or ".join(status.value for status in statuses)


async def lock_campaign(
    session: WriteSession,
    principal: Principal,
    campaign_id: CampaignId,
    permission: Permission,
    write_kind: WriteKind = WriteKind.CHANGES,
) -> Campaign:
    """The campaign, for a write. Raises NOT_FOUND and FORBIDDEN, and what the account's status forbids."""
    found = campaigns.c
    account_id = select(found.account_id).where(found.id == campaign_id).scalar_subquery()
    account = await authorize_shared(session, principal, account_id, permission, write_kind)
    return await read_locked(session, account, campaign_id)


async def read_locked(session: WriteSession, account: Authorized, campaign_id: CampaignId) -> Campaign:
    """The campaign of an account whose path is locked. Raises NOT_FOUND for one that was deleted."""
    statement = select(campaigns).where(row_of(campaigns, account, campaign_id)).with_for_update()
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Refusal(RefusalCode.NOT_FOUND, field="campaignId")
    return Campaign(account, campaign_id, row)


async def write_campaign(
    session: WriteSession, tree: InTree, campaign_id: CampaignId, **values: object
) -> None:
    """Change the campaign's row."""
    await session.send_built(update(campaigns).where(row_of(campaigns, tree, campaign_id)).values(**values))


async def log_campaign(
    session: WriteSession,
    actor: Actor,
    campaign: Campaign,
    kind: EventType,
    before: Change | None = None,
    after: Change | None = None,
) -> None:
    """Write what became of it into the account's log."""
    subject_id = present(Kind.CAMPAIGN, campaign.id)
    await record(session, actor, campaign.account, kind, subject_id, before, after)


def now() -> datetime.datetime:
    """The moment by which messages are due."""
    return datetime.datetime.now(datetime.UTC)
