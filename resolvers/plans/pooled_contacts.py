"""Contacts that a subscription counts for several accounts, and what one account may learn about them (R18,
N20).

A subscription counts a contact once, whichever of its accounts sends to it. If an account learned whether an
address is active already, it would learn whom the other accounts send to. So a viewer without access to the
subscriber's statistics gets the account's own view. In this view a contact is new if this account has not
sent to it, and the used contacts are the sum of what each account counts by itself. If several accounts send
to one contact, the sum counts it several times.
"""

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, case, exists, literal, or_, select

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.base.ids import AccountId
from models.sending.tables import ReservationStatus, contact_claims, send_cycles, send_reservations


def sees_pool(subscriber: FromClause) -> ColumnElement[bool]:
    """Whether the viewer sees the statistics of the account that has the subscription."""
    account, statement = readable_account()
    same = in_tree(account, subscriber, id="id")
    seen = allows(statement.selected_columns.mask, Permission.STATISTICS_READ)
    found = statement.where(same, seen).with_only_columns(account.c.id, maintain_column_froms=True)
    return exists(found.correlate(subscriber))


def counted_in(cycle: FromClause) -> ColumnElement[int]:
    """The sum of what each account counts by itself. It includes what lapsed reservations hold until their
    release, because their ends would reveal which contacts were active."""
    return cycle.c.contacts + cycle.c.repeated


def new_contacts_of(reservation: FromClause) -> ColumnElement[int]:
    """The number of recipients that were not active contacts when it was made. Without STATISTICS_READ in the
    account that has the subscription, the number of recipients that this account had not sent to in that
    billing cycle."""
    cycle, subscriber = send_cycles.alias(), accounts.alias()
    of_cycle = in_tree(cycle, reservation, id="cycle_id")
    of_subscriber = in_tree(subscriber, cycle, id="account_id")
    seen = (
        select(sees_pool(subscriber))
        .select_from(cycle.join(subscriber, of_subscriber))
        .where(of_cycle)
        .correlate(reservation)
        .scalar_subquery()
    )
    return case((seen, reservation.c.new_contacts), else_=reservation.c.own_contacts)


def looked_up(rows: Select[Any]) -> ColumnElement[bool]:
    """Whether there are such rows. The limit makes PostgreSQL look them up by an index for each outer row. It
    would plan a join by statistics that do not know of a million new rows yet."""
    return rows.limit(1).scalar_subquery().is_not(None)


def reservation_is(
    master_id: ColumnElement[uuid.UUID],
    reservation_id: ColumnElement[uuid.UUID],
    condition: Callable[[FromClause], ColumnElement[bool]],
) -> ColumnElement[bool]:
    """Whether the condition holds for a reservation.

    The reservation is looked up by its key for each outer row. In a join, an old plan might search all
    reservations of its account instead.
    """
    reservation = send_reservations.alias()
    this = and_(reservation.c.master_id == master_id, reservation.c.id == reservation_id)
    return select(condition(reservation)).where(this).correlate_except(reservation).scalar_subquery()


def claimed_by(
    account_id: AccountId | ColumnElement[uuid.UUID],
    contact: FromClause,
    status: ReservationStatus | None = None,
) -> ColumnElement[bool]:
    """Whether the account sends to a contact that another reservation holds; with `status` only by
    reservations in it."""
    claim = contact_claims.alias()
    mine = account_id if isinstance(account_id, ColumnElement) else literal(account_id, Uuid)

    def is_wanted(sent: FromClause) -> ColumnElement[bool]:
        wanted = [sent.c.status == status.value] if status else []
        return and_(sent.c.account_id == mine, *wanted)

    return looked_up(
        select(claim.c.reservation_id)
        .where(
            in_tree(claim, contact, cycle_id="cycle_id", digest="digest"),
            reservation_is(claim.c.master_id, claim.c.reservation_id, is_wanted),
        )
        .correlate_except(claim)
    )


def is_own(contact: FromClause, account: FromClause) -> ColumnElement[bool]:
    """Whether the account has sent to an active contact or has reserved to; lapsed reservations do not
    count."""
    holder, claim, sent = send_reservations.alias(), contact_claims.alias(), send_reservations.alias()
    holds = exists(
        select(holder.c.id)
        .where(
            in_tree(holder, contact, id="reservation_id"),
            holder.c.account_id == account.c.id,
            _stands(holder),
        )
        .correlate_except(holder)
    )
    claims = exists(
        select(claim.c.digest)
        .join(sent, in_tree(sent, claim, id="reservation_id"))
        .where(
            in_tree(claim, contact, cycle_id="cycle_id", digest="digest"),
            sent.c.account_id == account.c.id,
            _stands(sent),
        )
        .correlate_except(claim, sent)
    )
    return or_(holds, claims)


def _stands(reservation: FromClause) -> ColumnElement[bool]:
    return or_(
        reservation.c.status == ReservationStatus.COMMITTED.value,
        reservation.c.expires_at > current_moment(),
    )
