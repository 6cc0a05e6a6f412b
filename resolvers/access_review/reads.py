"""Access reviews, as those see them who see the members of the account."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.access_review.tables import ReviewedKind, access_review_items, access_reviews
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.shares.tables import shares
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, known_person, row_by_id, rows_of

NEWEST_FIRST = Order("accessReviews", (access_reviews.c.id,), descending=True)
"""The newest first."""

ITEMS_BY_ID = Order("accessReviewItems", (access_review_items.c.id,))
"""As they were asked."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's own access reviews, the newest first. Those of accounts below it are listed there."""
    return rows_of(access_reviews, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.ACCESS_REVIEW)]) -> Select[Any]:
    """An access review of an account whose members the viewer may see."""
    return row_by_id(access_reviews, id, Permission.MEMBERS_READ)


def item_by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.ACCESS_REVIEW_ITEM)]) -> Select[Any]:
    """What such a review asks about."""
    return row_by_id(access_review_items, id, Permission.MEMBERS_READ)


def item_of_result(result: FromClause) -> Select[Any]:
    """The item, as it is now."""
    return row_by_id(access_review_items, result.c.item_id, Permission.MEMBERS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The review, as it is now."""
    return row_by_id(access_reviews, result.c.review_id, Permission.MEMBERS_READ)


def account_of(review: FromClause) -> Select[Any]:
    """The account that it is about."""
    return account_behind(review)


def items_of(review: FromClause) -> Select[Any]:
    """What it asks about, at most 1,000."""
    return rows_of(access_review_items, review, review_id="id")


def is_open(review: FromClause) -> ColumnElement[bool]:
    """Whether it can be answered: it has not ended and was not canceled."""
    found: ColumnElement[bool] = review.c.work_due_at.is_not(None)
    return found


def waiting_of(review: FromClause) -> ColumnElement[int]:
    """How many items nobody has answered yet; none if it was canceled."""
    item = access_review_items.alias()
    waiting = select(func.count()).select_from(item)
    mine = in_tree(item, review, review_id="id"), item.c.decision.is_(None), is_open(review)
    return waiting.where(*mine).correlate(review).scalar_subquery()


def maker_of(review: FromClause) -> Select[Any]:
    """The person who started it; null if an API key did."""
    return known_person(review, "maker_user_id")


def user_of(item: FromClause) -> Select[Any]:
    """The member or guest; null for an API key."""
    return known_person(item, "user_id")


def decider_of(item: FromClause) -> Select[Any]:
    """The person who answered; null if nobody did, or an API key."""
    return known_person(item, "decider_user_id")


def share_of(item: FromClause) -> Select[Any]:
    """The share, for a guest."""
    found = shares.alias()
    return select(*found.c).where(
        in_tree(found, item, id="subject_id"), item.c.kind == ReviewedKind.SHARE.value
    )


def key_of(item: FromClause) -> Select[Any]:
    """The API key. Null if it is none, or if you lack API_KEYS_READ."""
    found = api_keys.alias()
    return select(*found.c).where(
        and_(in_tree(found, item, id="subject_id"), account_where(found, Permission.API_KEYS_READ))
    )
