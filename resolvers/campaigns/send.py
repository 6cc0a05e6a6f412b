"""Sending a campaign: now, or at a date and time in the account's zone."""

import datetime
from dataclasses import dataclass
from typing import Any

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import CampaignId
from models.campaigns.tables import CampaignStatus
from resolvers.campaigns.change import CHANGEABLE
from resolvers.campaigns.due import put_in_job
from resolvers.campaigns.local_time import moment_of, read_local, zone_of
from resolvers.campaigns.start import start_campaign
from resolvers.campaigns.store import (
    NOT_ASKED,
    NOT_FAILED,
    Campaign,
    lock_campaign,
    log_campaign,
    now,
    write_campaign,
)
from resolvers.effects.event_kinds import EventKind
from resolvers.review.gate import check_reviewed
from resolvers.review.policy import ReviewPolicy
from resolvers.settings.in_force import effective_settings

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
    """Start it now, or have a worker start it. Needs CAMPAIGNS_SEND, CONTACTS_READ and TEMPLATES_READ.

    Nothing is counted or paid before it starts; then all of it passes the gate, or none.

    Raises FAILED_PRECONDITION unless it is a draft, VersionConflict, BAD_USER_INPUT for a date and time that
    is past or too far ahead, and what `start_campaign` raises.
    """
    campaign = await lock_campaign(session, principal, command.campaign_id, Permission.CAMPAIGNS_SEND)
    for permission in (Permission.CONTACTS_READ, Permission.TEMPLATES_READ):
        # How many are sent to tells of contacts, and what a template says could be sent to oneself.
        if not campaign.account.held & permission.bit:
            raise PermissionDenied(permission)
    campaign.check_status(*CHANGEABLE)
    campaign.check_version(command.expected_version)
    asked = _asked_by(principal, campaign)
    if command.starts_at is None:
        await write_campaign(session, campaign.account, campaign.id, **asked)
        await start_campaign(session, principal, campaign, review)
        return campaign
    await check_reviewed(session, campaign.account, review)
    if not campaign.content.audience.is_given:
        message = "Nobody is meant: give `contactListIds`, or an `attribute`."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "campaignId")
    asked |= await _schedule(session, campaign, command.starts_at)
    starts_at = asked["starts_at"]
    await write_campaign(
        session,
        campaign.account,
        campaign.id,
        **(asked | {"work_due_at": starts_at}),
        status=CampaignStatus.SCHEDULED.value,
        version=campaign.row.version + 1,
    )
    await put_in_job(session, campaign.account, campaign.id, starts_at)
    after = {"startsAt": starts_at.isoformat()}
    await log_campaign(session, principal, campaign, EventKind.CAMPAIGN_SCHEDULED, None, {**after})
    return campaign


async def _schedule(session: WriteSession, campaign: Campaign, text: str) -> dict[str, Any]:
    local = read_local(text, "startsAt")
    time_zone = (await effective_settings(session, campaign.account)).time_zone
    moment = now()
    if not moment.year - 1 <= local.year <= moment.year + 2:
        raise _outside()
    starts_at = moment_of(local, zone_of(time_zone))
    if not moment < starts_at <= moment + LONGEST_AHEAD:
        raise _outside()
    return {"starts_local": text, "time_zone": time_zone, "starts_at": starts_at}


def _outside() -> Refusal:
    message = f"Must lie in the future, and at most {LONGEST_AHEAD.days} days ahead."
    return Refusal(RefusalCode.BAD_USER_INPUT, message, "startsAt")


def _asked_by(principal: Principal, campaign: Campaign) -> dict[str, Any]:
    return {
        **NOT_ASKED,
        **NOT_FAILED,
        "asked_by_user_id": principal.user_id,
        "asked_by_api_key_id": principal.api_key_id,
        "asked_from": campaign.account.acting_from,
    }
