"""Requests for a review by the account's people, and their end when the account is closed (R85, R86)."""

from dataclasses import dataclass

from sqlalchemy import func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.ends import ANY_MOMENT
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId, Kind, ReviewId, new_id, present
from models.review.tables import STANDING, ReviewStatus, review_samples, reviews
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.review.sample import Sample, draw_sample
from resolvers.review.store import close_sample


@dataclass(frozen=True)
class ReviewChanged:
    """A review that was requested or decided, and its account."""

    account_id: AccountId
    review_id: ReviewId


async def request_review(session: WriteSession, principal: Principal, account_id: AccountId) -> ReviewChanged:
    """Draw a sample of the account's contacts and ask platform support to approve it.

    Needs SETTINGS_WRITE, by whichever right: a request gives no access. Raises CONFLICT while another review
    is open, FAILED_PRECONDITION where the account is approved or has no contacts.
    """
    account = await authorize_shared(
        session, principal, account_id, Permission.SETTINGS_WRITE, until=ANY_MOMENT
    )
    await _refuse_standing(session, account)
    sample = await draw_sample(session, account)
    if not sample.contacts:
        message = "There are no contacts to review yet: add or import them first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    review_id = await _insert(session, account, sample)
    after = {"contacts": sample.contacts, "sample": len(sample.drawn)}
    subject_id = present(Kind.REVIEW, review_id)
    await record(session, principal, account, EventType.REVIEW_REQUESTED, subject_id, None, dict(after))
    return ReviewChanged(AccountId(account.account_id), review_id)


async def withdraw_review(session: WriteSession, principal: Principal, account: Authorized) -> bool:
    """Withdraw the review that is open in a locked account. Returns whether there was one."""
    statement = (
        update(reviews)
        .where(in_account(reviews, account), reviews.c.status == ReviewStatus.OPEN.value)
        .values(status=ReviewStatus.WITHDRAWN.value, decided_at=func.now())
        .returning(reviews.c.id)
    )
    review_id = (await session.execute(statement)).scalar_one_or_none()
    if review_id is None:
        return False
    await close_sample(session, account, ReviewId(review_id))
    subject_id = present(Kind.REVIEW, review_id)
    await record(session, principal, account, EventType.REVIEW_WITHDRAWN, subject_id)
    return True


async def _refuse_standing(session: WriteSession, account: Authorized) -> None:
    standing = select(reviews.c.status).where(in_account(reviews, account), literal_column(STANDING))
    status = (await session.execute(standing)).scalar_one_or_none()
    if status == ReviewStatus.OPEN.value:
        raise _already_open()
    if status is not None:
        message = "The account is approved already: it may send."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")


async def _insert(session: WriteSession, account: Authorized, sample: Sample) -> ReviewId:
    """The review with its sample. The account is locked in share mode, so another request may have made one
    in the meantime: raises CONFLICT."""
    review_id = ReviewId(new_id())
    made = upsert(reviews).values(**columns_of(account), id=review_id, contacts=sample.contacts)
    inserted = await session.execute(made.on_conflict_do_nothing().returning(reviews.c.id))
    if inserted.scalar_one_or_none() is None:
        raise _already_open()
    rows = [
        {
            "master_id": account.master_id,
            "review_id": review_id,
            "ordinal": position,
            "first_letter": contact.first_letter,
            "email_domain": contact.email_domain,
            "phone_code": contact.phone_code,
            "attributes": list(contact.attributes),
            "source": contact.source,
            "added_at": contact.added_at,
        }
        for position, contact in enumerate(sample.drawn)
    ]
    await session.execute_each(insert(review_samples), rows)
    return review_id


def _already_open() -> Refusal:
    return Refusal(RefusalCode.CONFLICT, "A review waits for a decision already.", "accountId")
