"""Reviews as platform staff see them.

The rows come from stored functions that look past row level security, see `authz.wall.staff_door`.
"""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.wall import staff_door
from engine.declare.paging import Order
from models.review.tables import reviews

OLDEST_FIRST = Order("staff.reviews", (reviews.c.id,))
NEWEST_FIRST = Order("staff.account.reviews", (reviews.c.id,), descending=True)


def open_reviews(staff_member: FromClause) -> Select[Any]:
    """Reviews that wait for a decision, oldest first. `reviewApprove` and `reviewDecline` decide them."""
    return select(*staff_door.seen_open_reviews().c)


def of_account(account: FromClause) -> Select[Any]:
    """All reviews of the account, newest first."""
    return select(*staff_door.seen_reviews(account.c.id).c)


def sample_of(review: FromClause) -> Select[Any]:
    """The sample: contacts drawn at random when the review was requested. It is deleted 30 days after the
    decision."""
    return select(*staff_door.seen_sample(review.c.id).c)


def of_result(result: FromClause) -> Select[Any]:
    """The review after the change."""
    seen = staff_door.seen_reviews(result.c.account_id)
    return select(*seen.c).where(seen.c.id == result.c.review_id)


def last_of_result(result: FromClause) -> Select[Any]:
    """The account's last review after the change; null if it never requested one."""
    seen = staff_door.seen_reviews(result.c.account_id)
    return select(*seen.c).order_by(seen.c.id.desc()).limit(1)
