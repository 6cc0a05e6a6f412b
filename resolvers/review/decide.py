"""What platform staff decide about an account's contacts: approved, declined, or approved no longer (R85,
R86, R88, T36)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, select, update

from authz.callers.principals import Principal
from authz.guards.staff import StaffAtWork, authorize_staff, is_staff, refuse_closed
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account, row_of
from models.base.ids import AccountId, Kind, ReviewId, UserId, present
from models.review.tables import ReviewStatus, reviews
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_staff
from resolvers.inputs.text import short_text
from resolvers.review.mail import queue_decision
from resolvers.review.request import ReviewChanged
from resolvers.review.store import close_sample
from resolvers.staff.override import end_in_force

ReviewRow = Row[*tuple[Any, ...]]


async def approve_review(
    session: WriteSession, principal: Principal, account_id: AccountId, review_id: ReviewId
) -> ReviewChanged:
    """Approve an open review. The first person of the staff to do so has checked it. The account may send
    when somebody else, an APPROVER, approves it too (T36). If the first person has left the staff, the next
    one is the first.

    Raises what `authorize_staff` raises, NotFound, ACCOUNT_CLOSED, FAILED_PRECONDITION where it is not open,
    SECOND_PERSON_REQUIRED.
    """
    at_work = await authorize_staff(session, principal, account_id)
    row = await _open(session, at_work, review_id)
    await refuse_closed(session, at_work)
    changed = ReviewChanged(at_work.account_id, review_id)
    if row.checked_by is None or not await is_staff(session, UserId(row.checked_by)):
        await _write(session, at_work, review_id, {"checked_by": at_work.user_id})
        await _log(session, at_work, EventType.REVIEW_CHECKED, review_id)
        return changed
    if row.checked_by == at_work.user_id:
        message = "You have approved it already. Another person, an approver, must approve it too."
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, message)
    if at_work.role is not StaffRole.APPROVER:
        message = "It is checked already. An approver of the staff must approve it."
        raise Refusal(RefusalCode.SECOND_PERSON_REQUIRED, message)
    await _decide(session, at_work, review_id, ReviewStatus.APPROVED, {"approved_by": at_work.user_id})
    await close_sample(session, at_work, review_id)
    await _log(session, at_work, EventType.REVIEW_APPROVED, review_id)
    await queue_decision(session, principal, at_work, ReviewStatus.APPROVED)
    return changed


async def decline_review(
    session: WriteSession, principal: Principal, account_id: AccountId, review_id: ReviewId, reason: str
) -> ReviewChanged:
    """Decline an open review, whoever has checked it. The account may request another one.

    Raises what `authorize_staff` raises, NotFound, FAILED_PRECONDITION where it is not open, BAD_USER_INPUT.
    """
    at_work = await authorize_staff(session, principal, account_id)
    await _open(session, at_work, review_id)
    why = short_text(reason, "reason")
    ended = {"ended_by": at_work.user_id, "reason": why}
    await _decide(session, at_work, review_id, ReviewStatus.DECLINED, ended)
    await close_sample(session, at_work, review_id)
    await _log(session, at_work, EventType.REVIEW_DECLINED, review_id, {"reason": why})
    await queue_decision(session, principal, at_work, ReviewStatus.DECLINED, why)
    return ReviewChanged(at_work.account_id, review_id)


async def revoke_review(
    session: WriteSession, principal: Principal, account_id: AccountId, reason: str
) -> AccountId:
    """End the account's approval at once, by review and by override: it sends no more, also not what it has
    reserved.

    Raises what `authorize_staff` raises, BAD_USER_INPUT, and FAILED_PRECONDITION where it is not approved.
    """
    at_work = await authorize_staff(session, principal, account_id)
    why = short_text(reason, "reason")
    revoked = await _revoke(session, at_work, why)
    ended = await end_in_force(session, at_work, OverrideKind.REVIEW_APPROVED, None, why)
    if revoked is None and not ended:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The account is not approved.", "accountId")
    if revoked is not None:
        await _log(session, at_work, EventType.REVIEW_REVOKED, revoked, {"reason": why})
    await queue_decision(session, principal, at_work, ReviewStatus.REVOKED, why)
    return at_work.account_id


async def _open(session: WriteSession, at_work: StaffAtWork, review_id: ReviewId) -> ReviewRow:
    """The account's open review. Raises NotFound, also for one of another account (T1), and
    FAILED_PRECONDITION."""
    found = select(*reviews.c).where(in_account(reviews, at_work), reviews.c.id == review_id)
    row = (await session.execute(found)).one_or_none()
    if row is None:
        raise NotFound("reviewId")
    if row.status != ReviewStatus.OPEN.value:
        message = f"It no longer waits for a decision: it is {row.status}."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "reviewId")
    return row


async def _revoke(session: WriteSession, at_work: StaffAtWork, reason: str) -> ReviewId | None:
    statement = (
        update(reviews)
        .where(in_account(reviews, at_work), reviews.c.status == ReviewStatus.APPROVED.value)
        .values(
            status=ReviewStatus.REVOKED.value, ended_by=at_work.user_id, reason=reason, decided_at=func.now()
        )
        .returning(reviews.c.id)
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    return None if found is None else ReviewId(found)


async def _decide(
    session: WriteSession,
    at_work: StaffAtWork,
    review_id: ReviewId,
    status: ReviewStatus,
    values: Mapping[str, object],
) -> None:
    decided = {"status": status.value, "decided_at": func.now(), **values}
    await _write(session, at_work, review_id, decided)


async def _write(
    session: WriteSession, at_work: StaffAtWork, review_id: ReviewId, values: Mapping[str, object]
) -> None:
    await session.send_built(update(reviews).where(row_of(reviews, at_work, review_id)).values(**values))


async def _log(
    session: WriteSession,
    at_work: StaffAtWork,
    kind: EventType,
    review_id: ReviewId,
    after: Change | None = None,
) -> None:
    await record_of_staff(session, at_work, kind, present(Kind.REVIEW, review_id), None, after)
