"""Canceling a review: what it asks about stays as it is."""

from typing import Any

from sqlalchemy import Row, func, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all, known_id, reached_also
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.access_review.tables import access_reviews
from models.accounts.trees import row_of
from models.base.ids import AccessReviewId, AccountId, Kind, present
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record

_FIELD = "accessReviewId"


async def cancel_review(session: WriteSession, principal: Principal, review_id: AccessReviewId) -> None:
    """Close it without ending anything, in any status of its account. Answers that were given hold.

    Needs ACCOUNT_TRANSFER in the account where it was started: owners further down, who are asked, cannot
    rid themselves of the question. Raises FAILED_PRECONDITION where it has ended.
    """
    account, row = await _found(session, principal, review_id)
    top = await reached_also(session, principal, [row.top_account_id], Permission.ACCOUNT_TRANSFER)
    if not top:
        raise PermissionDenied(Permission.ACCOUNT_TRANSFER)
    if row.work_due_at is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "It has ended.", _FIELD)
    this = update(access_reviews).where(row_of(access_reviews, account, review_id))
    await session.send_built(this.values(work_due_at=None, canceled_at=func.now()))
    subject_id = present(Kind.ACCESS_REVIEW, review_id)
    await record(session, principal, account, EventType.ACCESS_REVIEW_CANCELED, subject_id)


async def _found(
    session: WriteSession, principal: Principal, review_id: AccessReviewId
) -> tuple[Authorized, Row[Any]]:
    """The review in its locked tree: no worker ends it meanwhile."""
    named = select(access_reviews.c.account_id).where(access_reviews.c.id == review_id)
    found = await known_id(session, principal, named.scalar_subquery())
    # An unknown review is looked up like an unknown account, so that the answer takes the same time (N20).
    place = AccountId(review_id) if found is None else found
    (account,) = await authorize_all(
        session, principal, [place], Permission.ACCOUNT_TRANSFER, WriteKind.TAKES_AWAY
    )
    statement = select(access_reviews).where(row_of(access_reviews, account, review_id))
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(_FIELD)
    return account, row
