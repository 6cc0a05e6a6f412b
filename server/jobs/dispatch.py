"""Doing the jobs of the queue (see `models.effects.jobs`). Each is safe to be done twice, and at once."""

from dataclasses import dataclass

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, AccountKey, SendCycleId
from models.effects.jobs import Job, JobKind
from resolvers.billing.document import Issuer
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.billing.worker import charge_cycles, issue_invoices
from resolvers.payments.provider import PaymentProvider
from resolvers.payments.worker import work_on_top_ups
from resolvers.sending.close_cycle import close_cycle
from resolvers.sending.expire import expire_reservations


@dataclass(frozen=True)
class Deployment:
    """What a deployment has decided about its business: who takes payments, who issues invoices, None:
    nobody, and what a cycle costs throughout which an account was suspended."""

    provider: PaymentProvider
    issuer: Issuer | None
    suspended: SuspendedAccounts


async def do(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """Do what is due of a job's subject, in transactions of its own; nothing where nothing is.

    Without an issuer no invoice is issued.
    """
    match job.kind:
        case JobKind.RESERVATION_EXPIRY:
            async with sessions.begin() as session:
                await expire_reservations(session, job.master_id, SendCycleId(job.subject_id))
        case JobKind.CYCLE_CLOSE:
            await close_cycle(sessions, job.master_id, SendCycleId(job.subject_id))
        case JobKind.TOP_UP:
            await work_on_top_ups(sessions, deployment.provider, _account(job))
        case JobKind.CYCLE_CHARGE:
            await charge_cycles(sessions, _account(job), deployment.suspended)
        case JobKind.INVOICE_ISSUE:
            if deployment.issuer is not None:
                await issue_invoices(sessions, deployment.issuer, _account(job))


def _account(job: Job) -> AccountKey:
    return AccountKey(job.master_id, AccountId(job.subject_id))
