"""Reviews as the account's people see them, and whether an account may send (R85, R86, T29)."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, exists, or_, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.base.client_values import text
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.review.tables import ReviewStatus, reviews
from models.staff.overrides import OverrideKind
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind, row_by_id, rows_of
from resolvers.staff.overrides import in_force


def of_account(account: FromClause) -> Select[Any]:
    """The last review that the account requested; null if it requested none."""
    found = rows_of(reviews, account, account_id="id")
    return found.order_by(found.selected_columns.id.desc()).limit(1)


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.REVIEW)]) -> Select[Any]:
    """A review of an account whose settings the viewer may see."""
    return row_by_id(reviews, id, Permission.SETTINGS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The review."""
    return row_by_id(reviews, result.c.review_id, Permission.SETTINGS_READ)


def contacts_of(review: FromClause) -> ColumnElement[int | None]:
    """How many contacts there were; null for who may not see the account's contacts."""
    return case((account_where(review, Permission.CONTACTS_READ), review.c.contacts))


def account_of(review: FromClause) -> Select[Any]:
    """The account."""
    return account_behind(review)


def approved_of(account: FromClause) -> ColumnElement[bool]:
    """Whether platform staff approved a sample of the account's contacts, or approved the account without one
    by the override REVIEW_APPROVED. Accounts inherit it from nobody, and no copy gets it."""
    review = reviews.alias()
    reviewed = exists(
        select(review.c.id)
        .where(
            in_tree(review, account, account_id="id"),
            review.c.status == text(ReviewStatus.APPROVED.value),
        )
        .correlate(account)
    )
    return or_(reviewed, exists(in_force(account, OverrideKind.REVIEW_APPROVED).correlate(account)))
