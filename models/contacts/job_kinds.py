"""What has to be done for contacts. A job's subject is a row of `contact_jobs`."""

from models.effects.jobs import JobKind

CONTACT_JOB = JobKind("contact_job", due="mandant_contact_jobs_to_do", priority=0)
"""It is open. Many rows wait behind it, and nobody waits for it in front of a page."""

JOB_KINDS = (CONTACT_JOB,)
