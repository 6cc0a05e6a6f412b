"""Campaigns: written, changed and deleted, before anything is sent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import AccountId, CampaignId, IdInAccount, Kind, TemplateId, new_id, present
from models.campaigns.tables import MOST_LISTS, CampaignStatus, campaigns
from models.templates.tables import TemplateChannel, templates
from resolvers.campaigns.audience import CampaignAudience, check_lists
from resolvers.campaigns.sms import SmsTerms, check_channel, sms_terms
from resolvers.campaigns.store import (
    NOT_ASKED,
    NOT_FAILED,
    Campaign,
    Content,
    lock_campaign,
    log_campaign,
    write_campaign,
)
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.inputs.labels import read_label
from resolvers.inputs.text import visible_text
from resolvers.inputs.unchanged import UNCHANGED, Unchanged, new_value

CHANGEABLE = CampaignStatus.DRAFT, CampaignStatus.FAILED
"""Nothing was sent, and nothing will be of itself."""

MOST_CAMPAIGNS = 1_000
"""Of one account, that are not over."""

MOST_PER_HOUR = 10_000_000
LONGEST_VALUE = 1_000
"""Of an attribute, in characters."""


@dataclass(frozen=True, kw_only=True)
class CampaignCreation:
    """A new campaign."""

    account_id: AccountId
    name: str
    template_id: IdInAccount
    label: str | None
    list_ids: Sequence[IdInAccount]
    excluded_ids: Sequence[IdInAccount]
    attribute: str | None
    value: str | None
    messages_per_hour: int | None
    sms_sender: str | None
    most_parts: int | None


@dataclass(frozen=True, kw_only=True)
class CampaignUpdate:
    """A campaign's new values."""

    campaign_id: CampaignId
    expected_version: int
    name: str | Unchanged = UNCHANGED
    template_id: IdInAccount | Unchanged = UNCHANGED
    label: str | Unchanged | None = UNCHANGED
    list_ids: Sequence[IdInAccount] | Unchanged = UNCHANGED
    excluded_ids: Sequence[IdInAccount] | Unchanged = UNCHANGED
    attribute: str | Unchanged | None = UNCHANGED
    value: str | Unchanged | None = UNCHANGED
    messages_per_hour: int | Unchanged | None = UNCHANGED
    sms_sender: str | Unchanged | None = UNCHANGED
    most_parts: int | Unchanged | None = UNCHANGED


async def create_campaign(
    session: WriteSession, principal: Principal, command: CampaignCreation
) -> tuple[Authorized, CampaignId]:
    """Make a draft. Needs CAMPAIGNS_WRITE. Raises NOT_FOUND for a template or a list of another account,
    FAILED_PRECONDITION beyond 1,000 campaigns that are not over, BAD_USER_INPUT."""
    account = await authorize_shared(session, principal, command.account_id, Permission.CAMPAIGNS_WRITE)
    content = Content(
        visible_text(command.name, "name"),
        _template(account, command.template_id),
        None if command.label is None else read_label(command.label),
        CampaignAudience(
            _lists(account, command.list_ids, "contactListIds"),
            _lists(account, command.excluded_ids, "excludedContactListIds"),
            command.attribute,
            command.value,
        ),
        command.messages_per_hour,
        sms_terms(command.sms_sender, command.most_parts),
    )
    await _check(session, account, content)
    return account, await insert_campaign(session, principal, account, content)


async def insert_campaign(
    session: WriteSession, principal: Principal, account: Authorized, content: Content
) -> CampaignId:
    """A draft with this content, which was checked. Raises FAILED_PRECONDITION beyond the limit."""
    over = [CampaignStatus.SENT.value, CampaignStatus.CANCELED.value]
    counted = select(func.count()).where(in_account(campaigns, account), campaigns.c.status.not_in(over))
    if (await session.execute(counted)).scalar_one() >= MOST_CAMPAIGNS:
        message = f"An account has at most {MOST_CAMPAIGNS:,} campaigns that are not over."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    campaign_id = CampaignId(new_id())
    await session.send_built(
        insert(campaigns).values(
            **columns_of(account),
            **content.columns(),
            id=campaign_id,
            status=CampaignStatus.DRAFT.value,
            version=1,
            user_id=principal.user_id,
            api_key_id=principal.api_key_id,
            reached=0,
            messages=0,
        )
    )
    subject_id, after = present(Kind.CAMPAIGN, campaign_id), content.logged(account.account_id)
    await record(session, principal, account, EventType.CAMPAIGN_CREATED, subject_id, None, after)
    return campaign_id


async def update_campaign(session: WriteSession, principal: Principal, command: CampaignUpdate) -> Campaign:
    """Change a draft, or what could not be started, which is a draft again. Needs CAMPAIGNS_WRITE.

    Raises NOT_FOUND, VersionConflict, FAILED_PRECONDITION for what is scheduled or was sent, BAD_USER_INPUT.
    """
    campaign = await lock_campaign(session, principal, command.campaign_id, Permission.CAMPAIGNS_WRITE)
    campaign.check_version(command.expected_version)
    campaign.check_status(*CHANGEABLE)
    account, before = campaign.account, campaign.content
    after = _changed(account, before, command)
    if after == before:
        return campaign
    await _check(session, account, after)
    await write_campaign(
        session,
        account,
        campaign.id,
        **after.columns(),
        version=campaign.row.version + 1,
        status=CampaignStatus.DRAFT.value,
        **NOT_ASKED,
        **NOT_FAILED,
    )
    old, new = before.logged(account.account_id), after.logged(account.account_id)
    changed = [name for name in new if old[name] != new[name]]
    await log_campaign(
        session,
        principal,
        campaign,
        EventType.CAMPAIGN_UPDATED,
        {name: old[name] for name in changed},
        {name: new[name] for name in changed},
    )
    return campaign


async def delete_campaign(session: WriteSession, principal: Principal, campaign_id: CampaignId) -> Campaign:
    """Delete a draft, or what could not be started. Needs CAMPAIGNS_WRITE. Raises NOT_FOUND and
    FAILED_PRECONDITION."""
    campaign = await lock_campaign(session, principal, campaign_id, Permission.CAMPAIGNS_WRITE)
    campaign.check_status(*CHANGEABLE)
    await session.send_built(delete(campaigns).where(row_of(campaigns, campaign.account, campaign_id)))
    before = campaign.content.logged(campaign.account.account_id)
    await log_campaign(session, principal, campaign, EventType.CAMPAIGN_DELETED, before)
    return campaign


def _changed(account: Authorized, before: Content, command: CampaignUpdate) -> Content:
    name = command.name if command.name is UNCHANGED else visible_text(command.name, "name")
    given = command.template_id
    template = given if given is UNCHANGED else _template(account, given)
    label = (
        command.label if command.label is UNCHANGED or command.label is None else read_label(command.label)
    )
    audience = before.audience
    lists = _new_lists(account, command.list_ids, audience.list_ids, "contactListIds")
    excluded = _new_lists(account, command.excluded_ids, audience.excluded_ids, "excludedContactListIds")
    return Content(
        new_value(name, before.name),
        new_value(template, before.template_id),
        new_value(label, before.label),
        CampaignAudience(
            lists,
            excluded,
            new_value(command.attribute, audience.attribute),
            new_value(command.value, audience.value),
        ),
        new_value(command.messages_per_hour, before.messages_per_hour),
        _new_terms(before.sms, command),
    )


def _new_terms(before: SmsTerms | None, command: CampaignUpdate) -> SmsTerms | None:
    sender, most_parts = (None, None) if before is None else (before.sender, before.most_parts)
    return sms_terms(new_value(command.sms_sender, sender), new_value(command.most_parts, most_parts))


def _template(account: Authorized, named: IdInAccount) -> TemplateId:
    if named.account_id != account.account_id:
        raise NotFound("templateId")
    return TemplateId(named.id)


def _new_lists(
    account: Authorized, given: Sequence[IdInAccount] | Unchanged, current: Sequence[uuid.UUID], field: str
) -> Sequence[uuid.UUID]:
    return current if given is UNCHANGED else _lists(account, given, field)


def _lists(account: Authorized, named: Sequence[IdInAccount], field: str) -> Sequence[uuid.UUID]:
    """Each once."""
    if any(each.account_id != account.account_id for each in named):
        raise NotFound(field)
    ids = tuple(dict.fromkeys(each.id for each in named))
    if len(ids) > MOST_LISTS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Give at most {MOST_LISTS}.", field)
    return ids


async def _check(session: WriteSession, account: Authorized, content: Content) -> None:
    audience, most = content.audience, content.messages_per_hour
    if audience.attribute is not None:
        visible_text(audience.attribute, "attribute")
    elif audience.value is not None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Say the attribute whose value it is.", "attribute")
    if audience.value is not None and not 1 <= len(audience.value) <= LONGEST_VALUE:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must have 1 to {LONGEST_VALUE:,} characters.", "value")
    if most is not None and not 1 <= most <= MOST_PER_HOUR:
        message = f"Must be between 1 and {MOST_PER_HOUR:,}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "messagesPerHour")
    found = templates.c
    known = select(found.channel).where(
        in_account(templates, account),
        found.id == content.template_id,
        found.deleted_at.is_(None),
    )
    async with in_data_plane(session, account):
        channel = (await session.execute(known)).scalar_one_or_none()
        if channel is None:
            raise NotFound("templateId")
        check_channel(content.sms, TemplateChannel(channel))
        await check_lists(session, account, audience)
