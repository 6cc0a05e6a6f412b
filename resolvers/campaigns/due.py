"""When a worker has to look at a campaign."""

import datetime

from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import AccountKey, CampaignId
from models.campaigns.job_kinds import CAMPAIGN_EXPANSION
from models.effects.jobs import Job
from resolvers.effects.jobs import enqueue


async def put_in_job(
    session: WriteSession, account: Authorized | AccountKey, campaign_id: CampaignId, at: datetime.datetime
) -> None:
    """A worker looks at the campaign at this moment, or at once if it is past."""
    wait = at - datetime.datetime.now(datetime.UTC)
    run_at = current_moment() + wait if wait > datetime.timedelta(0) else None
    await enqueue(session, Job(CAMPAIGN_EXPANSION, account.master_id, campaign_id), run_at)
