"""Billing cycles: the n-th period from an anchor, in an account's zone (R90, T20).

A cycle begins at midnight of the anchor's day of the month in the account's IANA zone, and ends where the
next one begins: a moment at exactly the boundary belongs to the new cycle. Each is counted from the anchor,
never from the one before, so that 31 January leads to 28 February and on to 31 March. Where a month has no
such day, its last one stands for it. Midnight is what PostgreSQL makes of it: where clocks are put forward
over it, the first moment after; where they are put back over it, the second of the two.

The functions here are the only source: whatever decides asks the database.
"""

import datetime

from sqlalchemy import ColumnElement, DateTime, Integer, func

from models.base.stored_functions import Language, StoredFunction, Volatility

_FIRST_MONTH = "date_trunc('day', anchored AT TIME ZONE zone)"
_MONTHS = """(
  12 * (extract(year FROM moment AT TIME ZONE zone) - extract(year FROM anchored AT TIME ZONE zone))
  + extract(month FROM moment AT TIME ZONE zone) - extract(month FROM anchored AT TIME ZONE zone)
)::integer"""

_START = "mandant_cycle_start(anchored timestamptz, zone text, number integer) RETURNS timestamptz"
_START_BODY = f"SELECT ({_FIRST_MONTH} + make_interval(months => number)) AT TIME ZONE zone"
_NUMBER = "mandant_cycle_number(anchored timestamptz, zone text, moment timestamptz) RETURNS integer"
# In the month of the moment, or in the one before where the day has not come yet.
_NUMBER_BODY = f"SELECT {_MONTHS} - (mandant_cycle_start(anchored, zone, {_MONTHS}) > moment)::integer"

FUNCTIONS = (
    StoredFunction(_START, _START_BODY, Volatility.IMMUTABLE, language=Language.SQL),
    StoredFunction(_NUMBER, _NUMBER_BODY, Volatility.IMMUTABLE, language=Language.SQL),
)


def cycle_start(
    anchored_at: ColumnElement[datetime.datetime], zone: ColumnElement[str], number: ColumnElement[int]
) -> ColumnElement[datetime.datetime]:
    """When the cycle with this number begins; the anchor lies in cycle 0."""
    return func.mandant_cycle_start(anchored_at, zone, number, type_=DateTime(timezone=True))


def cycle_number(
    anchored_at: ColumnElement[datetime.datetime],
    zone: ColumnElement[str],
    moment: ColumnElement[datetime.datetime],
) -> ColumnElement[int]:
    """The number of the cycle that a moment lies in."""
    return func.mandant_cycle_number(anchored_at, zone, moment, type_=Integer())
