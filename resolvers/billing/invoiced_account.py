"""Who is invoiced for an account, and the address on its invoices (R27, R55)."""

import datetime
import uuid
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Select,
    Text,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from authz.reach.reach import readable_account
from models.accounts.tables import accounts
from models.accounts.trees import in_tree, nearest_above
from models.billing.tables import BillingMode, billing_details, billing_mode_choices
from resolvers.plans.reads import is_subscriber_of, time_zone_of
from resolvers.rows.shown import rows_of

_CONSOLIDATED = literal_column(f"'{BillingMode.CONSOLIDATED.value}'", Text)
_SEPARATE = literal_column(f"'{BillingMode.SEPARATE.value}'", Text)

EVER = literal_column("'infinity'::timestamptz", DateTime(timezone=True))
"""A moment after every choice: at this moment the last choice holds. A choice holds from the beginning of its
transaction. A transaction that waited for a lock may have begun before the choice of the transaction that
held the lock, so its own beginning would be too early."""


def mode_of(account: FromClause) -> ColumnElement[str]:
    """Whether the account has its own invoices, or appears on those of the nearest account above that has. A
    master account always has its own. The mode at the end of a billing cycle applies to the whole cycle."""
    return case((account.c.parent_id.is_(None), _SEPARATE), else_=mode_before(account, EVER))


def mode_before(account: FromClause, moment: ColumnElement[datetime.datetime]) -> ColumnElement[str]:
    """The last choice before a moment. A choice at the end of a cycle is about the next one."""
    choice = billing_mode_choices.alias()
    chosen = (
        select(choice.c.mode)
        .where(in_tree(choice, account, account_id="id"), choice.c.holds_from < moment)
        .order_by(choice.c.holds_from.desc(), choice.c.id.desc())
        .limit(1)
        .correlate(account)
        .scalar_subquery()
    )
    return func.coalesce(chosen, _CONSOLIDATED)


def billed_id(account: FromClause, moment: ColumnElement[datetime.datetime]) -> ColumnElement[uuid.UUID]:
    """The account that is invoiced, by what was chosen before the moment."""
    above = accounts.alias()
    has_invoices = or_(above.c.parent_id.is_(None), mode_before(above, moment) == _SEPARATE)
    return nearest_above(account, above, "id", has_invoices)


def day_of(moment: ColumnElement[datetime.datetime], account: FromClause) -> ColumnElement[datetime.date]:
    """The day of a moment, in the time zone of the account's billing cycles."""
    subscriber = accounts.alias()
    zone = select(time_zone_of(subscriber)).where(is_subscriber_of(subscriber, account))
    return cast(func.timezone(zone.correlate(account).scalar_subquery(), moment), Date)


def invoiced_account_of(account: FromClause) -> Select[Any]:
    """The account whose invoices contain this account's plan and extra contacts: itself, or the nearest
    account above with its own invoices; null if it is outside your reach. Sends beyond the plan appear on the
    invoices of the account whose credit pays for them."""
    billed, statement = readable_account()
    return statement.where(billed.c.id == billed_id(account, EVER), in_tree(billed, account)).limit(1)


def details_of(account: FromClause) -> Select[Any]:
    """Name and address on the account's invoices. Null if none were given: invoices then show the account's
    name and the issuer's country."""
    return rows_of(billing_details, account, account_id="id")
