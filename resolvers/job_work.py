"""Doing the jobs of the queue (see `models.jobs`). Each is safe to be done twice, and at once."""

from dataclasses import dataclass

from engine.write_sessions import WriteSessions
from models.identifiers import AccountId, AccountKey, SendCycleId
from models.jobs import Job, JobKind
from resolvers.account_statuses import SuspendedAccounts
from resolvers.billing_work import charge_cycles, issue_invoices
from resolvers.cycle_closing import close_cycle
from resolvers.invoice_documents import Issuer
from resolvers.payments import PaymentProvider
from resolvers.send_expiry import expire_reservations
from resolvers.top_up_work import top_up


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
            await top_up(sessions, deployment.provider, _account(job))
        case JobKind.CYCLE_CHARGE:
            await charge_cycles(sessions, _account(job), deployment.suspended)
        case JobKind.INVOICE_ISSUE:
            if deployment.issuer is not None:
                await issue_invoices(sessions, deployment.issuer, _account(job))


def _account(job: Job) -> AccountKey:
    return AccountKey(job.master_id, AccountId(job.subject_id))
