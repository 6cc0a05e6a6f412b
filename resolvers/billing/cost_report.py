"""What each account of a subtree sent and cost, for the account above (R35, R58, R61)."""

import datetime
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    and_,
    cast,
    func,
    literal_column,
    select,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.base.moments import EndOf
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure, accounts
from models.billing.tables import Product, charges
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.tables import ReservationStatus, send_labels, send_reservations

BY_ID = Order("costs", (accounts.c.id,))
"""In the order of their creation."""
BY_LABEL = Order("labelCosts", (send_labels.c.sort_key, send_labels.c.label))
"""By the label."""

Since = Annotated[
    ColumnElement[datetime.datetime],
    Described("The beginning; without an offset it is taken as UTC."),
]
Until = Annotated[
    ColumnElement[datetime.datetime],
    Described(
        "The end, which belongs to what comes next; without an offset it is taken as UTC. Before the "
        "beginning: BAD_USER_INPUT."
    ),
    EndOf("since"),
]


def of_account(account: FromClause, since: Since, until: Until) -> Select[Any]:
    """What the account and each one below it sent and cost in a time, as far as the viewer may see their
    invoices."""
    own, statement = readable_account()
    path = account_closure.alias()
    below = and_(path.c.master_id == own.c.master_id, path.c.descendant_id == own.c.id)
    sent, charged = _sent(own, since, until), _charged(own, since, until)
    return (
        statement.join(path, below)
        .where(
            path.c.ancestor_id == account.c.id,
            path.c.master_id == account.c.master_id,
            allows(statement.selected_columns["mask"], Permission.INVOICES_READ),
        )
        .add_columns(
            _bounded(sent(send_reservations.c.recipients)).label("sends"),
            sent(send_reservations.c.price).label("spent_on_sends"),
            charged.label("charged"),
            cast(since, DateTime(timezone=True)).label("since"),
            cast(until, DateTime(timezone=True)).label("until"),
        )
    )


def labels_of(cost: FromClause) -> Select[Any]:
    """What of that bears a label, label by label; the rest bears none."""
    reservation = send_reservations.c
    used = and_(
        send_labels.c.master_id == reservation.master_id,
        send_labels.c.cycle_id == reservation.cycle_id,
        send_labels.c.account_id == reservation.account_id,
        send_labels.c.label == reservation.label,
    )
    line = (reservation.master_id, reservation.account_id, reservation.label, send_labels.c.sort_key)
    counted = (
        select(
            *line,
            _bounded(func.sum(reservation.recipients)).label("sends"),
            cast(func.sum(reservation.price), BigInteger).label("spent_on_sends"),
        )
        .join(send_labels, used)
        .where(_committed(cost, cost.c.since, cost.c.until))
        .group_by(*line)
        .correlate(cost)
        .subquery()
    )
    return select(*counted.c)


def account_of(cost: FromClause) -> Select[Any]:
    """The account."""
    account, statement = readable_account()
    return statement.where(account.c.id == cost.c.id, account.c.master_id == cost.c.master_id).limit(1)


def _sent(account: FromClause, since: Since, until: Until) -> Any:
    def total(column: ColumnElement[int]) -> ColumnElement[int]:
        found = select(func.coalesce(func.sum(column), literal_column("0"))).where(
            _committed(account, since, until)
        )
        return cast(found.correlate(account).scalar_subquery(), BigInteger)

    return total


def _committed(
    account: FromClause, since: ColumnElement[datetime.datetime], until: ColumnElement[datetime.datetime]
) -> ColumnElement[bool]:
    reservation = send_reservations.c
    return and_(
        reservation.account_id == account.c.id,
        reservation.master_id == account.c.master_id,
        reservation.status == literal_column(f"'{ReservationStatus.COMMITTED.value}'"),
        reservation.settled_at >= since,
        reservation.settled_at < until,
    )


def _bounded(sends: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.least(sends, literal_column(str(MOST_IN_A_CYCLE))), BigInteger)


def _charged(account: FromClause, since: Since, until: Until) -> ColumnElement[int]:
    """Plans and contacts: sends beyond are told when they are made."""
    charge = charges.c
    found = select(func.coalesce(func.sum(charge.amount), literal_column("0"))).where(
        charge.account_id == account.c.id,
        charge.master_id == account.c.master_id,
        charge.product != literal_column(f"'{Product.SENDS_BEYOND.value}'"),
        charge.ends_at > since,
        charge.ends_at <= until,
    )
    return cast(found.correlate(account).scalar_subquery(), BigInteger)
