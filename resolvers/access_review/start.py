"""Starting a review of who and what from outside has access (N12)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize, without_rights
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.access_review.job_kinds import ACCESS_REVIEW
from models.access_review.tables import access_review_items, access_reviews
from models.base.ids import AccountId, AccountKey, Kind, new_id, present
from models.effects.jobs import Job
from resolvers.access_review.candidates import Candidate, candidates
from resolvers.access_review.mail import tell_owners
from resolvers.effects.event_types import EventType
from resolvers.effects.jobs import enqueue_shared
from resolvers.effects.log import Change, record_in_each
from resolvers.effects.outbox import Cause
from resolvers.inputs.moments import check_future

MOST_ITEMS = 1000
"""Of all reviews that start together."""
LEAST_DAYS, MOST_DAYS = 7, 90
REMINDER = datetime.timedelta(days=2)
"""So long before the end the owners are reminded."""


@dataclass(frozen=True)
class ReviewStart:
    """The account at the top of the subtree, and until when the owners can answer."""

    account_id: AccountId
    ends_at: datetime.datetime


@dataclass(frozen=True)
class ReviewsStarted:
    """What the owners are asked about."""

    account_id: AccountId
    asked: Sequence[Candidate]


async def start_reviews(session: WriteSession, principal: Principal, command: ReviewStart) -> ReviewsStarted:
    """Start a review in each account of the subtree where somebody or something from outside has access, and
    mail its owners. Needs ACCOUNT_TRANSFER; accounts below where the caller has it not are left out.

    Raises BAD_USER_INPUT for an end that is too near or too far, and FAILED_PRECONDITION for too many items.
    """
    account = await authorize(session, principal, command.account_id, Permission.ACCOUNT_TRANSFER)
    _check_end(command.ends_at)
    asked = await candidates(session, principal, account, MOST_ITEMS + 1)
    if len(asked) > MOST_ITEMS:
        message = f"More than {MOST_ITEMS:,} to confirm: start it in accounts further down."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    if asked:
        await _store(session, principal, account, command.ends_at, asked)
    return ReviewsStarted(command.account_id, asked)


def _check_end(ends_at: datetime.datetime) -> None:
    check_future(ends_at, "endsAt")
    days = (ends_at - datetime.datetime.now(datetime.UTC)) / datetime.timedelta(days=1)
    if not LEAST_DAYS <= days <= MOST_DAYS:
        message = f"Must be {LEAST_DAYS} to {MOST_DAYS} days from now."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "endsAt")


async def _store(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    ends_at: datetime.datetime,
    asked: Sequence[Candidate],
) -> None:
    reviews = {account_id: new_id() for account_id in dict.fromkeys(each.account_id for each in asked)}
    tree = {"master_id": account.master_id}
    reminded_at = ends_at - REMINDER
    made = {
        "maker_user_id": principal.user_id,
        "maker_api_key_id": principal.api_key_id,
        "top_account_id": account.account_id,
        "ends_at": ends_at,
        "work_due_at": reminded_at,
    }
    rows = [tree | made | {"account_id": place, "id": id_} for place, id_ in reviews.items()]
    items = [
        {
            **tree,
            "account_id": each.account_id,
            "id": new_id(),
            "review_id": reviews[each.account_id],
            "kind": each.kind.value,
            "subject_id": each.subject_id,
            "user_id": each.user_id,
            "unused": each.unused,
        }
        for each in asked
    ]
    await session.execute_each(insert(access_reviews), rows)
    await session.execute_each(insert(access_review_items), items)
    jobs = {Job(ACCESS_REVIEW, account.master_id, id_): reminded_at for id_ in reviews.values()}
    await enqueue_shared(session, jobs)
    cause = Cause(principal, account.master_id)
    await tell_owners(session, cause, account.master_id, list(reviews), ends_at)
    places = [without_rights(AccountKey(account.master_id, place), account.acting_from) for place in reviews]
    after: Change = {"endsAt": ends_at.astimezone(datetime.UTC).isoformat()}
    subject_id = present(Kind.ACCOUNT, account.account_id)
    await record_in_each(session, principal, places, EventType.ACCESS_REVIEW_STARTED, subject_id, None, after)
