"""The answers of owners: what an access review asks about shall keep its access, or ends at once."""

from typing import Any

from sqlalchemy import Row, func, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_all, known_id
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.access_review.tables import (
    ReviewDecision,
    ReviewedKind,
    access_review_items,
    access_reviews,
)
from models.accounts.trees import in_tree, row_of
from models.base.ids import AccessReviewItemId, AccountId, Kind, present
from models.members.tables import memberships
from resolvers.access_review.ending import Subject, end_access
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record

_FIELD = "accessReviewItemId"
KINDS = {
    ReviewedKind.MEMBER: Kind.MEMBER,
    ReviewedKind.SHARE: Kind.SHARE,
    ReviewedKind.API_KEY: Kind.API_KEY,
}
"""The kind of id that each has."""


async def confirm_item(session: WriteSession, principal: Principal, item_id: AccessReviewItemId) -> None:
    """Let it keep its access, in any status of the account. Needs ACCOUNT_TRANSFER.

    Raises FAILED_PRECONDITION where it was answered already or the review was canceled, and where it is the
    caller's own access.
    """
    account, row = await _unanswered(session, principal, item_id)
    if principal.id in (row.user_id, row.subject_id):
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Somebody else has to confirm your access.", _FIELD)
    await _decide(session, principal, account, row, ReviewDecision.CONFIRMED)
    subject_id = present(KINDS[ReviewedKind(row.kind)], row.subject_id)
    await record(session, principal, account, EventType.ACCESS_CONFIRMED, subject_id)


async def end_item(session: WriteSession, principal: Principal, item_id: AccessReviewItemId) -> None:
    """End its access to the account at once, in any status. Needs ACCOUNT_TRANSFER.

    Raises FAILED_PRECONDITION where it was answered already or the review was canceled, and for a member who
    has become an owner.
    """
    account, row = await _unanswered(session, principal, item_id)
    owns = select(memberships.c.id).where(
        row_of(memberships, account, row.subject_id), memberships.c.role_id == BuiltinRole.OWNER.id
    )
    if (await session.execute(owns)).one_or_none() is not None:
        message = "This member owns the account now: see `memberRemove`."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, _FIELD)
    await _decide(session, principal, account, row, ReviewDecision.ENDED)
    await end_access(session, principal, account, [Subject(ReviewedKind(row.kind), row.subject_id)])


async def _unanswered(
    session: WriteSession, principal: Principal, item_id: AccessReviewItemId
) -> tuple[Authorized, Row[Any]]:
    """The item in its locked tree: a share belongs to several accounts."""
    named = select(access_review_items.c.account_id).where(access_review_items.c.id == item_id)
    found = await known_id(session, principal, named.scalar_subquery())
    # An unknown item is looked up like an unknown account, so that the answer takes the same time (N20).
    place = AccountId(item_id) if found is None else found
    (account,) = await authorize_all(
        session, principal, [place], Permission.ACCOUNT_TRANSFER, WriteKind.TAKES_AWAY
    )
    statement = (
        select(access_review_items, access_reviews.c.canceled_at)
        .join(access_reviews, in_tree(access_reviews, access_review_items, id="review_id"))
        .where(row_of(access_review_items, account, item_id))
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(_FIELD)
    if row.decision is not None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "It was answered already, or has ended.", _FIELD)
    if row.canceled_at is not None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The access review was canceled.", _FIELD)
    return account, row


async def _decide(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    row: Row[Any],
    decision: ReviewDecision,
) -> None:
    decided = update(access_review_items).where(row_of(access_review_items, account, row.id))
    await session.send_built(
        decided.values(decision=decision.value, decided_at=func.now(), decider_user_id=principal.user_id)
    )
