"""Waking the workers, where messages that waited may go out."""

from sqlalchemy import func, update

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import MasterId
from models.effects.jobs import Job
from models.messages.job_kinds import MESSAGE_DELIVERY
from models.messages.tables import delivery_queues
from resolvers.effects.jobs import enqueue


async def wake_deliveries(session: WriteSession, account: Place) -> None:
    """Have a worker look at the account's messages now."""
    queue = update(delivery_queues).where(in_account(delivery_queues, account))
    await session.send_built(queue.values(due_at=func.least(delivery_queues.c.due_at, func.now())))
    await enqueue(session, Job(MESSAGE_DELIVERY, MasterId(account.master_id), account.master_id))
