"""Requests for a review, and the decisions of platform staff."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, ReviewId
from resolvers.inputs.global_ids import required
from resolvers.review import decide, reads, request, staff_reads
from schema.fields.ids import account_id
from schema.fields.marks import STAFF_ONLY, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.review.types import Review, StaffReview

_REASON = "The reason, 1 to 200 characters. The account can read it, and its owners get it by e-mail."


@strawberry.input(description="The account whose contacts are to be reviewed.")
class ReviewRequestInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")


@strawberry.input(description="The review to approve.")
class ReviewApproveInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    review_id: strawberry.ID = strawberry.field(description="The review.")


@strawberry.input(description="The review to decline.")
class ReviewDeclineInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    review_id: strawberry.ID = strawberry.field(description="The review.")
    reason: str = strawberry.field(description=_REASON)


@strawberry.input(description="The account that may send no more.")
class ReviewRevokeInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    reason: str = strawberry.field(description=_REASON)


@entity(None, carries={"review_id": Uuid()})
class ReviewRequestPayload(Payload):
    """The review that was requested."""

    review: Review | None = to_one(reads.of_result)


@entity(None, carries={"account_id": Uuid(), "review_id": Uuid()})
class ReviewDecisionPayload(Payload):
    """The review that was decided."""

    review: StaffReview | None = to_one(staff_reads.of_result)


@entity(None, carries={"account_id": Uuid()})
class ReviewRevokePayload(Payload):
    """The last review of the account that may send no more; null if it was approved without one."""

    review: StaffReview | None = to_one(staff_reads.last_of_result)


@strawberry.type
class ReviewMutation:
    @mutation(needs(Permission.SETTINGS_WRITE))
    async def review_request(
        self, session: WriteSession, principal: Principal, input: ReviewRequestInput
    ) -> ReviewRequestPayload:
        """Ask platform support to review the account's contacts. A sample of at most 50 is drawn at random
        and stored without addresses and numbers. One review can be open at a time."""
        made = await request.request_review(session, principal, account_id(input.account_id))
        return payload(ReviewRequestPayload, review_id=made.review_id)

    @mutation(STAFF_ONLY)
    async def review_approve(
        self, session: WriteSession, principal: Principal, input: ReviewApproveInput
    ) -> ReviewDecisionPayload:
        """Approve a review. It takes two members of the staff: the first call says that the sample was
        checked. The account may send when another one, with the staff role APPROVER, approves it too."""
        decided = await decide.approve_review(
            session, principal, account_id(input.account_id), _review_id(input.review_id)
        )
        return payload(ReviewDecisionPayload, account_id=decided.account_id, review_id=decided.review_id)

    @mutation(STAFF_ONLY)
    async def review_decline(
        self, session: WriteSession, principal: Principal, input: ReviewDeclineInput
    ) -> ReviewDecisionPayload:
        """Decline an open review. The account can request another one."""
        decided = await decide.decline_review(
            session, principal, account_id(input.account_id), _review_id(input.review_id), input.reason
        )
        return payload(ReviewDecisionPayload, account_id=decided.account_id, review_id=decided.review_id)

    @mutation(STAFF_ONLY)
    async def review_revoke(
        self, session: WriteSession, principal: Principal, input: ReviewRevokeInput
    ) -> ReviewRevokePayload:
        """End the account's approval at once, also one by the override REVIEW_APPROVED. What the account has
        reserved and not committed is not sent either."""
        ended = await decide.revoke_review(session, principal, account_id(input.account_id), input.reason)
        return payload(ReviewRevokePayload, account_id=ended)


def _review_id(text: strawberry.ID) -> ReviewId:
    return ReviewId(required(Kind.REVIEW, text, "reviewId"))
