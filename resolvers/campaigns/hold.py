"""Pausing a campaign, going on with it, and canceling it."""

from typing import Any

from authz.callers.principals import Principal
from authz.guards.exclusive import WriteKind
from authz.policy.permissions import Permission
from engine.writes.sessions import WriteSession
from models.base.ids import CampaignId
from models.campaigns.tables import UNTIL_RELEASED, CampaignStatus
from models.sending.tables import SendStream
from resolvers.campaigns.due import put_in_job
from resolvers.campaigns.store import (
    NOT_ASKED,
    Campaign,
    lock_campaign,
    log_campaign,
    now,
    write_campaign,
)
from resolvers.effects.event_types import EventType
from resolvers.inputs.emails import email_address
from resolvers.messages.senders import check_verified
from resolvers.reputation.gate import check_source
from resolvers.reputation.sources import SendingSource
from resolvers.review.gate import check_reviewed
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.gate import check_real


async def pause_campaign(session: WriteSession, principal: Principal, campaign_id: CampaignId) -> Campaign:
    """Hand over none of its messages, and write no more, until somebody goes on with it. Needs
    CAMPAIGNS_SEND, in any status of the account. Repeating it changes nothing.

    Raises FAILED_PRECONDITION for one that is not being sent.
    """
    campaign = await _locked(session, principal, campaign_id)
    if campaign.status is CampaignStatus.PAUSED:
        return campaign
    campaign.check_status(CampaignStatus.SENDING)
    await write_campaign(
        session,
        campaign.account,
        campaign.id,
        status=CampaignStatus.PAUSED.value,
        held_from=now(),
        held_until=UNTIL_RELEASED,
        resumed_at=None,
        work_due_at=None,
    )
    await log_campaign(session, principal, campaign, EventType.CAMPAIGN_PAUSED, _before(campaign))
    return campaign


async def resume_campaign(
    session: WriteSession, principal: Principal, campaign_id: CampaignId, review: ReviewPolicy
) -> Campaign:
    """Go on with it. Its sends are paid; whether the account may send is asked anew (T29). Needs
    CAMPAIGNS_SEND. Repeating it changes nothing.

    Raises FAILED_PRECONDITION for one that is not paused, REVIEW_REQUIRED, SENDING_PAUSED, and
    DOMAIN_NOT_VERIFIED for one by e-mail.
    """
    check_real(principal)
    campaign = await lock_campaign(session, principal, campaign_id, Permission.CAMPAIGNS_SEND)
    if campaign.status is CampaignStatus.SENDING:
        return campaign
    campaign.check_status(CampaignStatus.PAUSED)
    account, moment = campaign.account, now()
    await check_reviewed(session, account, review)
    # On trial, what was paid before goes out as the trial's hour has room.
    await check_source(session, account, SendingSource(SendStream.MARKETING, None), sends=0)
    if campaign.content.sms is None:
        await check_verified(session, account, [email_address(campaign.row.sender)], "campaignId")
    await write_campaign(
        session,
        account,
        campaign.id,
        status=CampaignStatus.SENDING.value,
        resumed_at=moment,
        work_due_at=moment,
    )
    await put_in_job(session, account, campaign.id, moment)
    await log_campaign(session, principal, campaign, EventType.CAMPAIGN_RESUMED, _before(campaign))
    return campaign


async def cancel_campaign(session: WriteSession, principal: Principal, campaign_id: CampaignId) -> Campaign:
    """End it for good: none of its messages that wait is handed over. All sends stay counted and paid. One
    that has not begun becomes a draft again. Needs CAMPAIGNS_SEND, in any status of the account. Repeating it
    changes nothing.

    Raises FAILED_PRECONDITION for one that nobody has asked to send, or that is over.
    """
    campaign = await _locked(session, principal, campaign_id)
    if campaign.status is CampaignStatus.CANCELED:
        return campaign
    campaign.check_status(
        CampaignStatus.AWAITING_APPROVAL,
        CampaignStatus.SCHEDULED,
        CampaignStatus.SENDING,
        CampaignStatus.PAUSED,
    )
    if campaign.row.started_at is not None:
        await end_by_cancel(session, campaign)
    else:
        draft = {**NOT_ASKED, "status": CampaignStatus.DRAFT.value, "version": campaign.row.version + 1}
        await write_campaign(session, campaign.account, campaign.id, **draft)
    await log_campaign(session, principal, campaign, EventType.CAMPAIGN_CANCELED, _before(campaign))
    return campaign


async def end_by_cancel(session: WriteSession, campaign: Campaign) -> None:
    """No message of it is handed over any more; a worker cancels those that wait."""
    moment = now()
    await write_campaign(
        session,
        campaign.account,
        campaign.id,
        status=CampaignStatus.CANCELED.value,
        ended_at=moment,
        held_from=moment,
        held_until=UNTIL_RELEASED,
        resumed_at=None,
        work_due_at=moment,
    )
    await put_in_job(session, campaign.account, campaign.id, moment)


async def _locked(session: WriteSession, principal: Principal, campaign_id: CampaignId) -> Campaign:
    needed = Permission.CAMPAIGNS_SEND, WriteKind.TAKES_AWAY
    return await lock_campaign(session, principal, campaign_id, *needed)


def _before(campaign: Campaign) -> dict[str, Any]:
    return {"status": campaign.status.value}
