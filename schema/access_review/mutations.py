"""Mutations of access reviews."""

import datetime
from typing import ClassVar

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.access_review.tables import ReviewedKind
from models.base.ids import AccessReviewId, AccessReviewItemId, Kind, present
from resolvers.access_review import answer, cancel, reads, start
from resolvers.access_review.candidates import Candidate
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from schema.access_review.types import AccessReview, AccessReviewItem
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, Payload, payload
from schema.fields.references import AccountRef


@strawberry.input(description="Where access is to be confirmed, and until when.")
class AccessReviewStartInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account. The accounts below it are asked too, as far as you may hand them over."
    )
    ends_at: datetime.datetime = strawberry.field(
        description="When the access that nobody has confirmed ends: 7 to 90 days from now."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="What is no longer asked.")
class AccessReviewCancelInput:
    access_review_id: strawberry.ID = strawberry.field(description="The access review of an account.")


@strawberry.input(description="What keeps its access.")
class AccessReviewItemConfirmInput:
    access_review_item_id: strawberry.ID = strawberry.field(description="The item of the access review.")


@strawberry.input(description="What loses its access now.")
class AccessReviewItemEndInput:
    access_review_item_id: strawberry.ID = strawberry.field(description="The item of the access review.")
    dry_run: bool = dry_run()


@strawberry.type(description="What an access review asks about.", directives=[Public()])
class ReviewedAccess:
    account_id: strawberry.ID = strawberry.field(description="The account that it has access to.")
    kind: ReviewedKind = strawberry.field(description="What it is.")
    subject_id: strawberry.ID = strawberry.field(description="The member, the share or the API key.")
    unused: bool = strawberry.field(description="Whether it was not used for 90 days.")


@entity(None, carries={"account_id": Uuid()})
class AccessReviewStartPayload(AccessPayload):
    """What the owners are asked about, also for a dry run."""

    account: AccountRef | None = to_one(accounts.of_result)
    asked: list[ReviewedAccess] | None = strawberry.field(
        default=None,
        description="What is asked about in all of the accounts, at most 1,000: it ends unless somebody "
        "confirms it. Null if refused.",
    )
    dry_runs_tell: ClassVar[tuple[str, ...]] = ("asked",)


@entity(None, carries={"review_id": Uuid()})
class AccessReviewCancelPayload(Payload):
    """The canceled access review."""

    access_review: AccessReview | None = to_one(reads.of_result)


@entity(None, carries={"item_id": Uuid()})
class AccessReviewItemConfirmPayload(Payload):
    """What keeps its access."""

    access_review_item: AccessReviewItem | None = to_one(reads.item_of_result)


@entity(None, carries={"item_id": Uuid()})
class AccessReviewItemEndPayload(AccessPayload):
    """What has lost its access."""

    access_review_item: AccessReviewItem | None = to_one(reads.item_of_result)


@strawberry.type
class AccessReviewMutation:
    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def access_review_start(
        self, session: WriteSession, principal: Principal, input: AccessReviewStartInput
    ) -> AccessReviewStartPayload:
        """Ask the owners of the account, and of the accounts below it, who and what from outside shall keep
        its access: members who are not owners, have no role above and no address at a domain that the tree
        has proved for signing in; guests; API keys. They get a mail now and two days before the end. What
        nobody has confirmed by then ends. Accounts whose review goes on are left out."""
        command = start.ReviewStart(account_id=account_id(input.account_id), ends_at=input.ends_at)
        done = await start.start_reviews(session, principal, command)
        return payload(
            AccessReviewStartPayload,
            account_id=done.account_id,
            asked=[_shown(each) for each in done.asked],
        )

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def access_review_cancel(
        self, session: WriteSession, principal: Principal, input: AccessReviewCancelInput
    ) -> AccessReviewCancelPayload:
        """Cancel the access review of an account: nothing ends by it, and its items cannot be answered any
        more. What was answered before stays so. Needs ACCOUNT_TRANSFER also in the account where the review
        was started."""
        review_id = AccessReviewId(required(Kind.ACCESS_REVIEW, input.access_review_id, "accessReviewId"))
        await cancel.cancel_review(session, principal, review_id)
        return payload(AccessReviewCancelPayload, review_id=review_id)

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def access_review_item_confirm(
        self, session: WriteSession, principal: Principal, input: AccessReviewItemConfirmInput
    ) -> AccessReviewItemConfirmPayload:
        """Confirm that an item of an access review keeps its access. Nobody confirms their own."""
        item_id = _item_id(input.access_review_item_id)
        await answer.confirm_item(session, principal, item_id)
        return payload(AccessReviewItemConfirmPayload, item_id=item_id)

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def access_review_item_end(
        self, session: WriteSession, principal: Principal, input: AccessReviewItemEndInput
    ) -> AccessReviewItemEndPayload:
        """End the access of an item of an access review, with effect from the next request. A share keeps its
        other accounts."""
        item_id = _item_id(input.access_review_item_id)
        await answer.end_item(session, principal, item_id)
        return payload(AccessReviewItemEndPayload, item_id=item_id)


def _item_id(text: str) -> AccessReviewItemId:
    return AccessReviewItemId(required(Kind.ACCESS_REVIEW_ITEM, text, "accessReviewItemId"))


def _shown(found: Candidate) -> ReviewedAccess:
    return ReviewedAccess(
        account_id=strawberry.ID(present(Kind.ACCOUNT, found.account_id)),
        kind=found.kind,
        subject_id=strawberry.ID(present(answer.KINDS[found.kind], found.subject_id)),
        unused=found.unused,
    )
