"""Costs and sends of each account of a subtree, for the account above (R35, R58, R61)."""

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
from engine.base.client_values import text
from engine.base.moments import EndOf
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.billing.tables import Product, charges
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.tables import ReservationStatus, send_labels, send_reservations
from resolvers.rows.shown import account_behind

BY_ID = Order("costs", (accounts.c.id,))
"""In the order of their creation."""
BY_LABEL = Order("labelCosts", (send_labels.c.sort_key, send_labels.c.label))
"""By the label."""

Since = Annotated[
    ColumnElement[datetime.datetime],
    Described("The start of the period. Without an offset it is read as UTC."),
]
Until = Annotated[
    ColumnElement[datetime.datetime],
    Described(
        "The end of the period, which is not part of it. Without an offset it is read as UTC. An end "
        "before the start is refused with BAD_USER_INPUT."
    ),
    EndOf("since"),
]


def of_account(account: FromClause, since: Since, until: Until) -> Select[Any]:
    """What the account and each account below it sent and cost in a period. Only accounts whose invoices you
    may see are listed."""
    own, statement = readable_account()
    path = account_closure.alias()
    below = in_tree(path, own, descendant_id="id")
    sent, charged = _sent(own, since, until), _charged(own, since, until)
    return (
        statement.join(path, below)
        .where(
            in_tree(path, account, ancestor_id="id"),
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
    """The sends and costs of each label. The remainder has no label."""
    reservation = send_reservations.c
    used = in_tree(
        send_labels, send_reservations, cycle_id="cycle_id", account_id="account_id", label="label"
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
    return account_behind(cost, "id")


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
        in_tree(send_reservations, account, account_id="id"),
        reservation.status == text(ReservationStatus.COMMITTED.value),
        reservation.settled_at >= since,
        reservation.settled_at < until,
    )


def _bounded(sends: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.least(sends, literal_column(str(MOST_IN_A_CYCLE))), BigInteger)


def _charged(account: FromClause, since: Since, until: Until) -> ColumnElement[int]:
    """Plans and contacts. Sends beyond the plan are reported when they are made."""
    charge = charges.c
    found = select(func.coalesce(func.sum(charge.amount), literal_column("0"))).where(
        in_tree(charges, account, account_id="id"),
        charge.product != text(Product.SENDS_BEYOND.value),
        charge.ends_at > since,
        charge.ends_at <= until,
    )
    return cast(found.correlate(account).scalar_subquery(), BigInteger)
