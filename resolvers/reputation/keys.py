"""What both keys of a source say, as SQL."""

import datetime

from sqlalchemy import BigInteger, ColumnElement, FromClause, case, literal, or_

from engine.base.client_values import text
from models.base.clock import current_moment
from models.reputation.tables import CustomerState, PlatformState

HOUR = datetime.timedelta(hours=1)


def is_held(source: FromClause) -> ColumnElement[bool]:
    """Whether one of both lets nothing through."""
    by_customer = source.c.customer_state == text(CustomerState.PAUSED.value)
    return or_(by_customer, source.c.platform_state == text(PlatformState.PAUSED.value))


def trial_hour(
    source: FromClause,
) -> tuple[ColumnElement[datetime.datetime], ColumnElement[int]]:
    """When the trial's present hour began, and the sends in it. It begins with the first of them."""
    row, now = source.c, current_moment()
    is_over = or_(row.trial_hour_at.is_(None), row.trial_hour_at <= now - HOUR)
    return case((is_over, now), else_=row.trial_hour_at), case(
        (is_over, literal(0, BigInteger)), else_=row.trial_sends
    )
