"""How much of a cycle is used: contacts and sends, without what lapsed reservations still hold."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, exists, func, literal_column, or_, select

from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.sending.lapsed import is_lapsed
from models.sending.tables import (
    ReservationStatus,
    active_contacts,
    contact_claims,
    send_cycles,
    send_reservations,
)
from resolvers.plans.pooled_contacts import counted_in, sees_pool
from resolvers.plans.reads import cycle_starts_at_of


def contacts_used_of(subscriber: FromClause) -> ColumnElement[int]:
    """The number of active contacts in this billing cycle. Without STATISTICS_READ in this account, the sum
    of what each account of the subscription counts on its own."""
    cycle = send_cycles.alias()
    return _used(subscriber, cycle, contacts_shown(cycle, subscriber))


def contacts_shown(cycle: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """How many of a cycle's contacts the viewer may know of (see `resolvers.plans.pooled_contacts`)."""
    return case((sees_pool(subscriber), contacts_in(cycle)), else_=counted_in(cycle))


def contacts_in(cycle: FromClause) -> ColumnElement[int]:
    """How many contacts are active in a cycle, without those that lapsed reservations still hold."""
    reservation, contact = send_reservations.alias(), active_contacts.alias()
    # The join starts at lapsed reservations, because there are nearly always none.
    made = in_tree(contact, reservation, reservation_id="id")
    gone = (
        select(func.count())
        .select_from(reservation.join(contact, made))
        .where(
            in_tree(reservation, cycle, cycle_id="id"),
            is_lapsed(reservation),
            contact.c.cycle_id == cycle.c.id,
            ~_claimed(contact, cycle.c.id),
        )
        .correlate(cycle)
        .scalar_subquery()
    )
    # Without statistics of new rows the planner may start at the wrong end.
    return case((has_lapsed(cycle), cycle.c.contacts - gone), else_=cycle.c.contacts)


def sends_used_of(subscriber: FromClause) -> ColumnElement[int]:
    """The number of sends in this billing cycle, including those beyond the limit."""
    cycle = send_cycles.alias()
    return _used(subscriber, cycle, sends_in(cycle))


def sends_in(cycle: FromClause) -> ColumnElement[int]:
    """How many sends a cycle has had, without those of lapsed reservations."""
    lapsed = func.coalesce(func.sum(send_reservations.c.recipients), literal_column("0"))
    return cycle.c.sends - _lapsed_in(cycle, lapsed)


def holds(contact: FromClause, cycle_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a contact's row makes it active now: a reservation that has not lapsed holds or claims it."""
    holder = send_reservations.alias()
    lapsed = exists(
        select(holder.c.id)
        .where(
            in_tree(holder, contact, id="reservation_id"), holder.c.cycle_id == cycle_id, is_lapsed(holder)
        )
        .correlate_except(holder)
    )
    return or_(~lapsed, _claimed(contact, cycle_id))


def _claimed(contact: FromClause, cycle_id: ColumnElement[Any]) -> ColumnElement[bool]:
    claim, heir = contact_claims.alias(), send_reservations.alias()
    return exists(
        select(claim.c.digest)
        .join(heir, in_tree(heir, claim, id="reservation_id"))
        .where(
            in_tree(claim, contact, digest="digest"),
            claim.c.cycle_id == cycle_id,
            heir.c.status == ReservationStatus.RESERVED.value,
            heir.c.expires_at > current_moment(),
        )
        .correlate_except(claim, heir)
    )


def has_lapsed(cycle: FromClause) -> ColumnElement[bool]:
    """Whether a reservation of the cycle has lapsed, so that it no longer holds its contacts. Nearly always
    none has."""
    return _lapsed_in(cycle, func.count()) > 0


def _used(subscriber: FromClause, cycle: FromClause, value: ColumnElement[int]) -> ColumnElement[int]:
    found = (
        select(value)
        .where(
            in_tree(cycle, subscriber, account_id="id"), cycle.c.starts_at == cycle_starts_at_of(subscriber)
        )
        .correlate(subscriber)
        .scalar_subquery()
    )
    return func.coalesce(found, literal_column("0"))


def _lapsed_in(cycle: FromClause, value: ColumnElement[int]) -> ColumnElement[int]:
    return (
        select(value)
        .select_from(send_reservations)
        .where(in_tree(send_reservations, cycle, cycle_id="id"), is_lapsed(send_reservations))
        .correlate(cycle)
        .scalar_subquery()
    )
