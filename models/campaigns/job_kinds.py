"""What has to be done for campaigns. A job's subject is a campaign."""

from models.effects.jobs import JobKind

CAMPAIGN_EXPANSION = JobKind("campaign_expansion", due="mandant_campaigns_due", priority=0)
"""It has to be started, its messages to be written or canceled, or to be seen to be done. A job does some of
it, and puts in the next one behind the jobs of others."""

JOB_KINDS = (CAMPAIGN_EXPANSION,)
