"""What has to be done for access reviews. A job's subject is an access review."""

from models.effects.jobs import JobKind

ACCESS_REVIEW = JobKind("access_review", due="mandant_access_reviews_due", priority=-1)
"""Its owners have to be reminded, or what nobody has answered has to end."""

JOB_KINDS = (ACCESS_REVIEW,)
