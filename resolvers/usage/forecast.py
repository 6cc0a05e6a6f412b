"""When a cycle's limits will be used up at the present pace (N10).

The pace is the use since the cycle began, over the time since then but at least over a day, because the first
minutes of a cycle foretell nothing. It assumes steady use: for an account that sends once a month it is too
high in the days after a send, and too low before.
"""

import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Double,
    FromClause,
    Interval,
    Numeric,
    Select,
    case,
    cast,
    func,
    literal_column,
)

from authz.policy.permissions import Permission, allows
from engine.base.once import once
from resolvers.usage.reads import beside, is_current

_SHORTEST = cast(literal_column("'1 day'"), Interval)
_SECOND = cast(literal_column("'1 second'"), Interval)


def forecast_of(usage: FromClause) -> Select[Any]:
    """When the limits will be reached at the pace of the cycle so far: what was used since it started,
    divided by the time since then, or by one day if less has passed. Null if the cycle is over."""
    contacts = contacts_run_out_on(usage)
    sends, credit = sends_run_out_on(usage), credit_runs_out_on(usage)
    seen = case((allows(usage.c.mask, Permission.CREDIT_READ), credit))
    found = beside(
        usage,
        runs_out_on=func.least(contacts, sends, seen),
        contacts_run_out_on=contacts,
        sends_run_out_on=sends,
        credit_runs_out_on=credit,
    )
    return found.where(is_current(usage))


def contacts_run_out_on(usage: FromClause) -> ColumnElement[datetime.date]:
    """When no more contacts can become active."""
    return once(usage, _runs_out_on(usage, usage.c.contacts_used, cast(usage.c.contact_limit, Numeric)))


def sends_run_out_on(usage: FromClause) -> ColumnElement[datetime.date]:
    """When the plan's sends are used up."""
    return once(usage, _runs_out_on(usage, usage.c.sends_used, cast(usage.c.send_limit, Numeric)))


def credit_runs_out_on(usage: FromClause) -> ColumnElement[datetime.date]:
    """When, after the plan's sends, the credit for further sends is used up. NULL where none can be
    bought."""
    price, sent = usage.c.send_price, usage.c.sends_used
    paid = func.div(cast(usage.c.credit, Numeric), cast(price, Numeric), type_=Numeric())
    capacity = once(usage, func.greatest(sent, usage.c.send_limit) + paid)
    return once(usage, case((price.is_not(None), _runs_out_on(usage, sent, capacity))))


def _runs_out_on(
    usage: FromClause, used: ColumnElement[int], capacity: ColumnElement[Any]
) -> ColumnElement[datetime.date]:
    """The day in the subscription's time zone; today where it is used up; NULL where it lasts until the cycle
    ends."""
    elapsed = once(usage, _seconds(func.greatest(usage.c.seen_at - usage.c.starts_at, _SHORTEST)))
    length = _seconds(usage.c.ends_at - usage.c.starts_at)
    needed = cast(elapsed * capacity / used, Double)
    return case(
        (used >= capacity, _day(usage, usage.c.seen_at)),
        # Only what runs out within the cycle is divided: anything longer may be more than an interval holds.
        (used * length > capacity * elapsed, _day(usage, usage.c.starts_at + needed * _SECOND)),
    )


def _seconds(span: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.extract("epoch", span), Numeric)


def _day(usage: FromClause, moment: ColumnElement[Any]) -> ColumnElement[datetime.date]:
    return cast(func.timezone(usage.c.time_zone, moment), Date)
