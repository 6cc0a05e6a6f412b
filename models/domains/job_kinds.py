"""What has to be done for domains. A job's subject is a domain."""

from models.effects.jobs import JobKind

DOMAIN_CHECK = JobKind("domain_check", due="mandant_domains_to_check", priority=-1)
"""Its records in DNS have to be looked at. Thousands may come at once and wait for name servers, so all that
is more urgent comes before them."""

JOB_KINDS = (DOMAIN_CHECK,)
