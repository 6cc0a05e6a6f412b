"""What has to be done for domains. A job's subject is a domain."""

from models.effects.jobs import JobKind

DOMAIN_CHECK = JobKind("domain_check", due="mandant_domains_to_check", priority=0)
"""Its records in DNS have to be looked at. Name servers may be slow, so urgent jobs come before."""

JOB_KINDS = (DOMAIN_CHECK,)
