"""Access reviews."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.access_review.tables import (
    ReviewDecision,
    ReviewedKind,
    access_review_items,
    access_reviews,
)
from models.base.ids import Kind
from resolvers.access_review import reads
from schema.api_keys.types import ApiKey
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.shares.types import Share


@entity(access_review_items, requires=Permission.MEMBERS_READ)
class AccessReviewItem(Node):
    """A membership, a share or an API key whose access to the account somebody has to confirm. A share is
    asked about in each of its accounts by itself."""

    id: strawberry.ID = column(codec=global_id(Kind.ACCESS_REVIEW_ITEM), description=ID_DESCRIPTION)
    kind: ReviewedKind = column(codec=enum_of(ReviewedKind), description="What it is.")
    user: User | None = to_one(reads.user_of)
    share: Share | None = to_one(reads.share_of)
    api_key: ApiKey | None = to_one(reads.key_of)
    unused: bool = column(
        description="Whether it was not used in the 90 days before the review: the key made no request, the "
        "person did not sign in. What was given later than that is never marked."
    )
    decision: ReviewDecision | None = column(
        codec=enum_of(ReviewDecision),
        description="What became of it; null while nobody has answered, and for good if the review was "
        "canceled. Without an answer it is ENDED at the review's end.",
    )
    decided_at: datetime.datetime | None = column(description="When.")
    decided_by: User | None = to_one(reads.decider_of)


@entity(access_reviews, requires=Permission.MEMBERS_READ)
class AccessReview(Node):
    """The question to the owners of an account who and what from outside shall keep its access. What nobody
    has confirmed at `endsAt` ends."""

    id: strawberry.ID = column(codec=global_id(Kind.ACCESS_REVIEW), description=ID_DESCRIPTION)
    account: AccountRef | None = to_one(reads.account_of)
    is_open: bool = computed(reads.is_open)
    waiting_count: int = computed(reads.waiting_of)
    items: Connection[AccessReviewItem] = connection(reads.items_of, order=reads.ITEMS_BY_ID)
    started_by: User | None = to_one(reads.maker_of)
    created_at: datetime.datetime = column(description="When it was started.")
    ends_at: datetime.datetime = column(description="Until when it can be answered.")
    canceled_at: datetime.datetime | None = column(
        description="When somebody canceled it; null if nobody did. Then nothing ends by it any more."
    )
