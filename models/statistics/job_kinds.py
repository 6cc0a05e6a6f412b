"""What has to be added up. A job's subject is a tree."""

from models.effects.jobs import JobKind

STATISTICS_ROLL_UP = JobKind("statistics_roll_up", due="mandant_statistics_due")
"""Something was counted in it that is not added up yet."""

JOB_KINDS = (STATISTICS_ROLL_UP,)
