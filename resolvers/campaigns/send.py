"""Sending a campaign: now, or at a date and time in the account's zone; and approving it."""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.api_keys.tables import api_keys
from models.base.ids import CampaignId
from models.campaigns.tables import CampaignStatus
from resolvers.campaigns.change import CHANGEABLE
from resolvers.campaigns.due import put_in_job
from resolvers.campaigns.local_time import moment_of, read_local, zone_of
from resolvers.campaigns.start import check_given, start_campaign
from resolvers.campaigns.store import (
    NOT_ASKED,
    NOT_FAILED,
    Campaign,
    lock_campaign,
    log_campaign,
    now,
    write_campaign,
)
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.gate import check_real
from resolvers.settings.in_force import effective_settings
from resolvers.settings.values import CampaignApproval

LONGEST_AHEAD = datetime.timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class CampaignSending:
    """A campaign to send, as the caller has read it. `starts_at`: a date and time in the account's time zone;
    None: now."""

    campaign_id: CampaignId
    expected_version: int
    starts_at: str | None = None


async def send_campaign(
    session: WriteSession, principal: Principal, command: CampaignSending, review: ReviewPolicy
) -> Campaign:
    """Start it now, have a worker start it, or have it wait for another person where the account wants that.
    Needs CAMPAIGNS_SEND, CONTACTS_READ and TEMPLATES_READ.

    Nothing is counted or paid before it starts; then all of it passes the gate, or none.

    Raises FAILED_PRECONDITION unless it is a draft, VersionConflict, BAD_USER_INPUT for a date and time that
    is past or too far ahead, and what
    `start_campaign` raises.
    """
    # Who has it sent later is the platform, which does not know.
    check_real(principal)
    campaign = await _locked(session, principal, command.campaign_id)
    campaign.check_status(*CHANGEABLE)
    campaign.check_version(command.expected_version)
    settings = await effective_settings(session, campaign.account)
    asked = {
        **NOT_ASKED,
        **NOT_FAILED,
        # What could not be started is a draft again.
        "status": CampaignStatus.DRAFT.value,
        "asked_by_user_id": principal.user_id,
        "asked_by_api_key_id": principal.api_key_id,
        "asked_from": campaign.account.acting_from,
    }
    if command.starts_at is not None:
        asked |= _schedule(settings.time_zone, command.starts_at)
    await write_campaign(session, campaign.account, campaign.id, **asked)
    if settings.campaign_approval is CampaignApproval.ANOTHER_PERSON:
        await check_given(session, campaign, review)
        await _wait(session, campaign, CampaignStatus.AWAITING_APPROVAL)
        await _log(session, principal, campaign, EventType.CAMPAIGN_SUBMITTED, asked["starts_at"])
    else:
        await _start(session, principal, campaign, review, asked["starts_at"])
    return campaign


async def approve_campaign(
    session: WriteSession, principal: Principal, command: CampaignSending, review: ReviewPolicy
) -> Campaign:
    """Let a campaign be sent that somebody else has asked for: at its time, or at once. Needs what sending it
    needs.

    Raises FAILED_PRECONDITION for one that awaits no approval, VersionConflict, SECOND_PERSON_REQUIRED for an
    API key or narrowed token, and for the person who has asked, also by a key of theirs, and what
    `start_campaign` raises.
    """
    campaign = await _locked(session, principal, command.campaign_id)
    campaign.check_status(CampaignStatus.AWAITING_APPROVAL)
    campaign.check_version(command.expected_version)
    if principal.person_id is None:
        message = "A person must approve it: API keys and narrowed tokens cannot."
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, message)
    if principal.person_id == await _asker(session, campaign):
        message = "Another person than the one who had it sent must approve it."
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, message)
    approved = {"approved_by_user_id": principal.person_id}
    await write_campaign(session, campaign.account, campaign.id, **approved)
    await log_campaign(session, principal, campaign, EventType.CAMPAIGN_APPROVED)
    await _start(session, principal, campaign, review, campaign.row.starts_at)
    return campaign


async def _locked(session: WriteSession, principal: Principal, campaign_id: CampaignId) -> Campaign:
    campaign = await lock_campaign(session, principal, campaign_id, Permission.CAMPAIGNS_SEND)
    for permission in (Permission.CONTACTS_READ, Permission.TEMPLATES_READ):
        # How many are sent to tells of contacts, and what a template says could be sent to oneself.
        if not campaign.account.held & permission.bit:
            raise PermissionDenied(permission)
    return campaign


async def _start(
    session: WriteSession,
    principal: Principal,
    campaign: Campaign,
    review: ReviewPolicy,
    starts_at: datetime.datetime | None,
) -> None:
    if starts_at is None:
        await start_campaign(session, principal, campaign, review)
        return
    await check_given(session, campaign, review)
    await _wait(session, campaign, CampaignStatus.SCHEDULED, work_due_at=starts_at)
    await put_in_job(session, campaign.account, campaign.id, starts_at)
    await _log(session, principal, campaign, EventType.CAMPAIGN_SCHEDULED, starts_at)


async def _wait(session: WriteSession, campaign: Campaign, status: CampaignStatus, **more: object) -> None:
    version = campaign.row.version + 1
    await write_campaign(session, campaign.account, campaign.id, status=status.value, version=version, **more)


async def _log(
    session: WriteSession,
    principal: Principal,
    campaign: Campaign,
    kind: EventType,
    starts_at: datetime.datetime | None,
) -> None:
    after: Change = {"startsAt": None if starts_at is None else starts_at.isoformat()}
    await log_campaign(session, principal, campaign, kind, None, after)


async def _asker(session: WriteSession, campaign: Campaign) -> object:
    """The person who had it sent, or who is responsible for the key that did."""
    row, key = campaign.row, api_keys.c
    if row.asked_by_user_id is not None:
        return row.asked_by_user_id
    responsible = select(func.coalesce(key.adopter_user_id, key.creator_user_id))
    this = row_of(api_keys, campaign.account, row.asked_by_api_key_id)
    return (await session.execute(responsible.where(this))).scalar_one()


def _schedule(time_zone: str, text: str) -> dict[str, Any]:
    local, moment = read_local(text, "startsAt"), now()
    if not moment.year - 1 <= local.year <= moment.year + 2:
        raise _outside()
    starts_at = moment_of(local, zone_of(time_zone))
    if not moment < starts_at <= moment + LONGEST_AHEAD:
        raise _outside()
    return {"starts_local": text, "time_zone": time_zone, "starts_at": starts_at}


def _outside() -> Refusal:
    message = f"Must lie in the future, and at most {LONGEST_AHEAD.days} days ahead."
    return Refusal(RefusalCode.BAD_USER_INPUT, message, "startsAt")
