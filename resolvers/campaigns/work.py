"""What a worker does for a campaign: it starts it at its time, writes its messages, cancels those that wait,
and sees when all are done.

Each step is a transaction of its own that locks the campaign. So two workers never do the same step.
"""

import datetime

from sqlalchemy import func, select

from authz.callers.actors import EarlierActor
from authz.guards.exclusive import STATUS_CODES, without_rights
from authz.guards.locks import lock_shared_path
from authz.policy.refusals import Refusal
from authz.reach.status import effective_status
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import row_of, this_account
from models.base.ids import AccountId, AccountKey, CampaignId
from models.campaigns.tables import CampaignStatus, campaigns
from models.effects.jobs import Job
from resolvers.campaigns.due import put_in_job
from resolvers.campaigns.expansion import end_list, write_slice
from resolvers.campaigns.hold import end_by_cancel
from resolvers.campaigns.local_time import quiet_span, zone_of
from resolvers.campaigns.pace import Pause, Span, next_slice
from resolvers.campaigns.start import start_campaign
from resolvers.campaigns.store import Campaign, log_campaign, now, read_locked, write_campaign
from resolvers.campaigns.waiting import BATCH, cancel_some, has_open, renew_some
from resolvers.effects.event_types import EventType
from resolvers.messages.queue import note_due
from resolvers.review.policy import ReviewPolicy
from resolvers.settings.in_force import effective_settings

_STEPS = 10
"""In one job. The next one stands behind the jobs of others."""

_HELD = datetime.timedelta(minutes=10)
"""Until an account that is suspended is looked at again."""

_OPEN = datetime.timedelta(seconds=30)
"""Until it is seen again whether all messages are settled."""


async def work_on(sessions: WriteSessions, review: ReviewPolicy, job: Job) -> None:
    """Do some of what is due."""
    for _ in range(_STEPS):
        try:
            async with sessions.begin() as session:
                campaign = await _lock(session, job)
                if campaign is None:
                    return
                await _step(session, campaign, review)
        except Refusal as refusal:
            await _fail(sessions, job, refusal)
            return


async def _lock(session: WriteSession, job: Job) -> Campaign | None:
    """None: nothing is due."""
    if not await enter_as_worker(session, job.master_id):
        return None
    campaign = campaigns.c
    is_due = campaign.work_due_at <= func.now()
    found = select(campaign.account_id, campaign.asked_from).where(
        row_of(campaigns, job, job.subject_id), is_due
    )
    row = (await session.execute(found)).one_or_none()
    if row is None:
        return None
    await lock_shared_path(session, job.master_id, AccountId(row.account_id))
    account = without_rights(AccountKey(job.master_id, AccountId(row.account_id)), row.asked_from)
    locked = await read_locked(session, account, CampaignId(job.subject_id))
    due_at = locked.row.work_due_at
    return locked if due_at is not None and due_at <= now() else None


async def _step(session: WriteSession, campaign: Campaign, review: ReviewPolicy) -> None:
    status = await _status_of_account(session, campaign)
    if campaign.status is CampaignStatus.CANCELED:
        await _cancel(session, campaign)
    elif campaign.status is CampaignStatus.SCHEDULED:
        if status in STATUS_CODES:
            raise Refusal(STATUS_CODES[status])
        await start_campaign(session, _asked_by(campaign), campaign, review)
    elif status is AccountStatus.CLOSED:
        await end_by_cancel(session, campaign)
        before = {"status": campaign.status.value}
        await log_campaign(session, _asked_by(campaign), campaign, EventType.CAMPAIGN_CANCELED, {**before})
    elif status is AccountStatus.SUSPENDED:
        await _look_again(session, campaign, now() + _HELD)
    elif campaign.row.resumed_at is not None:
        await _release(session, campaign)
    else:
        await _send(session, campaign)


async def _send(session: WriteSession, campaign: Campaign) -> None:
    moment, row = now(), campaign.row
    quiet = await _quiet(session, campaign, moment)
    await _hold(session, campaign, quiet)
    if row.reached >= row.recipients:
        await _see_whether_done(session, campaign)
        return
    found = next_slice(row.next_at, row.messages_per_hour, quiet, moment)
    if isinstance(found, Pause):
        await _look_again(session, campaign, found.until)
    else:
        await write_slice(session, campaign, found, moment)
        await put_in_job(session, campaign.account, campaign.id, moment)


async def _release(session: WriteSession, campaign: Campaign) -> None:
    """What was paused goes on."""
    for first in range(0, campaign.row.reached, BATCH):
        await renew_some(session, campaign, first)
    moment = now()
    await _hold(session, campaign, await _quiet(session, campaign, moment))
    await write_campaign(session, campaign.account, campaign.id, resumed_at=None)
    await note_due(session, campaign.account, moment)


async def _cancel(session: WriteSession, campaign: Campaign) -> None:
    if await cancel_some(session, campaign):
        return
    if await has_open(session, campaign):
        # One that is handed over at this moment may wait again.
        await _look_again(session, campaign, now() + _OPEN)
        return
    await end_list(session, campaign)
    await _hold(session, campaign, None)
    await write_campaign(session, campaign.account, campaign.id, work_due_at=None)


async def _see_whether_done(session: WriteSession, campaign: Campaign) -> None:
    moment = now()
    if await has_open(session, campaign):
        await _look_again(session, campaign, max(moment, campaign.row.next_at) + _OPEN)
        return
    await _hold(session, campaign, None)
    await write_campaign(
        session,
        campaign.account,
        campaign.id,
        status=CampaignStatus.SENT.value,
        ended_at=moment,
        work_due_at=None,
    )
    after = {"messages": campaign.row.messages}
    await log_campaign(session, _asked_by(campaign), campaign, EventType.CAMPAIGN_SENT, None, {**after})


async def _fail(sessions: WriteSessions, job: Job, refusal: Refusal) -> None:
    """The gate has refused it at its time: nothing was counted or sent. Raises the refusal of anything
    else."""
    async with sessions.begin() as session:
        campaign = await _lock(session, job)
        if campaign is None:
            return
        if campaign.status is not CampaignStatus.SCHEDULED:
            raise refusal
        await write_campaign(
            session,
            campaign.account,
            campaign.id,
            status=CampaignStatus.FAILED.value,
            version=campaign.row.version + 1,
            failure_code=refusal.code.name,
            failure_message=refusal.message,
            work_due_at=None,
        )
        after = {"code": refusal.code.name, "message": refusal.message}
        await log_campaign(session, _asked_by(campaign), campaign, EventType.CAMPAIGN_FAILED, None, {**after})


async def _look_again(session: WriteSession, campaign: Campaign, at: datetime.datetime) -> None:
    await write_campaign(session, campaign.account, campaign.id, work_due_at=at)
    await put_in_job(session, campaign.account, campaign.id, at)


async def _hold(session: WriteSession, campaign: Campaign, span: Span | None) -> None:
    """Messages that were written wait in the quiet hours, too."""
    begins, ends = (None, None) if span is None else span
    if (campaign.row.held_from, campaign.row.held_until) != (begins, ends):
        await write_campaign(session, campaign.account, campaign.id, held_from=begins, held_until=ends)


async def _quiet(session: WriteSession, campaign: Campaign, at: datetime.datetime) -> Span | None:
    settings = await effective_settings(session, campaign.account)
    if settings.quiet_hours is None:
        return None
    return quiet_span(settings.quiet_hours, zone_of(settings.time_zone), at)


async def _status_of_account(session: WriteSession, campaign: Campaign) -> AccountStatus:
    status = select(effective_status(accounts)).where(this_account(accounts, campaign.account))
    return AccountStatus((await session.execute(status)).scalar_one())


def _asked_by(campaign: Campaign) -> EarlierActor:
    return EarlierActor(campaign.row.asked_by_user_id, campaign.row.asked_by_api_key_id)
