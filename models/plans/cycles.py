"""Billing cycles: the n-th period from an anchor, in an account's zone (R90, T20).

A cycle begins at midnight of the anchor's day of the month in the account's IANA zone, and ends where the
next one begins: a moment at exactly the boundary belongs to the new cycle. Each cycle is counted from the
anchor, never from the cycle before, so that 31 January leads to 28 February and on to 31 March. In a month
without that day the cycle begins on its last day. PostgreSQL decides what midnight is: where clocks go
forward over it, the first moment after; where they go back over it, the second of the two.

Only the stored functions know these rules, so whatever decides asks the database.
"""

import datetime

from sqlalchemy import ColumnElement, DateTime, FromClause, Integer, Text, func, literal_column

UNSUBSCRIBED_ZONE: ColumnElement[str] = literal_column("'UTC'", Text)
"""The zone of cycles in a tree that has no subscription."""


def unsubscribed_anchor(account: FromClause) -> ColumnElement[datetime.datetime]:
    """The anchor of cycles in a tree that has no subscription: when its master account was made."""
    anchor: ColumnElement[datetime.datetime] = account.c.created_at
    return anchor


def cycle_start(
    anchored_at: ColumnElement[datetime.datetime], zone: ColumnElement[str], number: ColumnElement[int]
) -> ColumnElement[datetime.datetime]:
    """When the cycle with this number begins. The anchor lies in cycle 0."""
    return func.mandant_cycle_start(anchored_at, zone, number, type_=DateTime(timezone=True))


def cycle_number(
    anchored_at: ColumnElement[datetime.datetime],
    zone: ColumnElement[str],
    moment: ColumnElement[datetime.datetime],
) -> ColumnElement[int]:
    """The number of the cycle that a moment lies in."""
    return func.mandant_cycle_number(anchored_at, zone, moment, type_=Integer())
