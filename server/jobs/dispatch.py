"""Does the jobs of the queue (see `models.effects.jobs`). Each may run twice, also at the same time."""

from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, AccountKey, SendCycleId
from models.effects.jobs import Job, JobKind
from resolvers.billing.worker import charge_cycles, issue_invoices
from resolvers.payments.worker import work_on_top_ups
from resolvers.sending.close_cycle import close_cycle
from resolvers.sending.expire import expire_reservations
from schema.fields.deployment import Deployment


async def do(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    """Do what is due for a job's subject, in transactions of its own. If nothing is due, nothing happens.

    Without an issuer no invoice is issued.
    """
    match job.kind:
        case JobKind.RESERVATION_EXPIRY:
            async with sessions.begin() as session:
                await expire_reservations(session, job.master_id, SendCycleId(job.subject_id))
        case JobKind.CYCLE_CLOSE:
            await close_cycle(sessions, job.master_id, SendCycleId(job.subject_id))
        case JobKind.TOP_UP:
            await work_on_top_ups(sessions, deployment.payments, _account(job))
        case JobKind.CYCLE_CHARGE:
            await charge_cycles(sessions, _account(job), deployment.suspended_accounts)
        case JobKind.INVOICE_ISSUE:
            if deployment.issuer is not None:
                await issue_invoices(sessions, deployment.issuer, _account(job))


def _account(job: Job) -> AccountKey:
    return AccountKey(job.master_id, AccountId(job.subject_id))
