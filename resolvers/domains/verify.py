"""Asking for a check of a domain. A worker looks into DNS, so that no request waits for it."""

import datetime

from sqlalchemy import func, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import RateLimited
from engine.writes.sessions import WriteSession
from models.accounts.trees import row_of
from models.base.ids import DomainId
from models.domains.job_kinds import DOMAIN_CHECK
from models.domains.tables import domains
from models.effects.jobs import Job
from resolvers.effects.attempts import Limit, count_attempts
from resolvers.effects.jobs import enqueue

CHECKS = 20
"""How often one domain can be checked in an hour."""


async def request_check(session: WriteSession, principal: Principal, domain_id: DomainId) -> None:
    """Have a worker check the domain now. A check that is under way counts for nothing: this one looks again.

    Needs DOMAINS_WRITE. Raises RateLimited.
    """
    owner = select(domains.c.account_id).where(domains.c.id == domain_id).scalar_subquery()
    account = await authorize(session, principal, owner, Permission.DOMAINS_WRITE)
    limit = Limit(f"checks of {domain_id}", CHECKS, datetime.timedelta(hours=1))
    (tried,) = await count_attempts(session, [limit])
    if tried.times > limit.most:
        raise RateLimited(tried.seconds_left)
    await have_checked(session, principal, account, domain_id)


async def have_checked(
    session: WriteSession, principal: Principal, account: Authorized, domain_id: DomainId
) -> None:
    """Have a worker check the domain now. What a check under way finds is not written."""
    await session.send_built(
        update(domains)
        .where(row_of(domains, account, domain_id))
        .values(
            check_due_at=func.now(),
            actor_user_id=principal.user_id,
            actor_api_key_id=principal.api_key_id,
            actor_account_id=account.acting_from,
        )
    )
    await enqueue(session, Job(DOMAIN_CHECK, account.master_id, domain_id))
