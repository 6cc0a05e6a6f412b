"""Charges and invoices."""

from engine.writes.sessions import WriteSession, WriteSessions
from models.billing.job_kinds import CYCLE_CHARGE, INVOICE_ISSUE
from models.effects.jobs import Job
from resolvers.billing.charge import charge_cycle
from resolvers.billing.issue import issue_invoice
from schema.fields.deployment import Deployment
from server.jobs.work import JobWork, Work, in_batches


async def _charge(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    async def next_cycle(session: WriteSession) -> bool:
        return await charge_cycle(session, job.account, deployment.suspended_accounts)

    await in_batches(sessions, next_cycle)


async def _issue(sessions: WriteSessions, deployment: Deployment, job: Job) -> None:
    issuer = deployment.issuer
    if issuer is None:
        return

    async def next_invoice(session: WriteSession) -> bool:
        return await issue_invoice(session, issuer, job.account) is not None

    await in_batches(sessions, next_invoice)


def _issues(deployment: Deployment) -> bool:
    return deployment.issuer is not None


WORK = Work(jobs=(JobWork(CYCLE_CHARGE, _charge), JobWork(INVOICE_ISSUE, _issue, _issues)))
