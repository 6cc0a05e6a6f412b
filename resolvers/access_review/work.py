"""What a worker does for a review: it reminds the owners, and at the end it ends what nobody confirmed.

The tree is locked meanwhile. Whoever answers at that moment comes before or after: an answer that comes first
holds, and a later one is refused.
"""

from typing import Any

from sqlalchemy import Row, case, exists, func, select, update

from authz.callers.actors import EarlierActor
from authz.guards.exclusive import without_rights
from authz.guards.locks import lock_tree
from authz.policy.builtin_roles import BuiltinRole
from authz.wall.notes import TransactionNotes
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.access_review.job_kinds import ACCESS_REVIEW
from models.access_review.tables import (
    ReviewDecision,
    ReviewedKind,
    access_review_items,
    access_reviews,
)
from models.accounts.trees import in_account, row_of
from models.base.ids import AccountId, AccountKey
from models.effects.jobs import Job
from models.members.tables import memberships
from resolvers.access_review.ending import Subject, end_access
from resolvers.access_review.mail import tell_owners
from resolvers.effects.jobs import enqueue
from resolvers.effects.outbox import Cause

_UNANSWERED = EarlierActor(None, None, reason="Nobody confirmed it in the access review.")


async def work_on_review(session: WriteSession, job: Job) -> None:
    """Do what is due for the job's review. If nothing is, change nothing."""
    if not await enter_as_worker(session, job.master_id):
        return
    await lock_tree(session, job.master_id)
    review = access_reviews.c
    due = select(access_reviews, (review.ends_at <= func.now()).label("is_over")).where(
        row_of(access_reviews, job, job.subject_id), review.work_due_at <= func.now()
    )
    row = (await session.execute(due)).one_or_none()
    if row is None:
        return
    account = AccountKey(job.master_id, AccountId(row.account_id))
    if row.is_over:
        await _end(session, account, row)
    else:
        await _remind(session, account, row)


async def _remind(session: WriteSession, account: AccountKey, row: Row[Any]) -> None:
    items = access_review_items.c
    waiting = select(func.count()).where(
        items.master_id == account.master_id, items.review_id == row.id, items.decision.is_(None)
    )
    if (await session.execute(waiting)).scalar_one():
        cause = Cause(None, account.master_id)
        await tell_owners(session, cause, account.master_id, [account.account_id], row.ends_at)
    await _next(session, account, row, access_reviews.c.ends_at)
    at_the_end = select(access_reviews.c.ends_at).where(row_of(access_reviews, account, row.id))
    job = Job(ACCESS_REVIEW, account.master_id, row.id)
    await enqueue(session, job, at_the_end.scalar_subquery())


async def _end(session: WriteSession, account: AccountKey, row: Row[Any]) -> None:
    session.notes(TransactionNotes).touched.add(account.account_id)
    items = access_review_items.c
    # Who became an owner since it began was made one by consent, which is an answer.
    owns = exists().where(
        in_account(memberships, account),
        memberships.c.id == items.subject_id,
        memberships.c.role_id == BuiltinRole.OWNER.id,
    )
    decision = case((owns, ReviewDecision.CONFIRMED.value), else_=ReviewDecision.ENDED.value)
    answering = (
        update(access_review_items)
        .where(items.master_id == account.master_id, items.review_id == row.id, items.decision.is_(None))
        .values(decision=decision, decided_at=func.now())
        .returning(items.kind, items.subject_id)
    )
    found = (await session.execute(answering)).all()
    subjects = [Subject(ReviewedKind(each.kind), each.subject_id) for each in found]
    await end_access(session, _UNANSWERED, without_rights(account), subjects)
    await _next(session, account, row, None)


async def _next(session: WriteSession, account: AccountKey, row: Row[Any], moment: Any) -> None:
    this = row_of(access_reviews, account, row.id)
    await session.send_built(update(access_reviews).where(this).values(work_due_at=moment))
