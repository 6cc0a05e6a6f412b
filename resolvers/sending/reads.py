"""Reservations of sends, and what is used of a cycle, as those who may see them see them."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from authz.reach.reach import account_where, readable_account
from models.base.clock import current_moment
from models.sending.lapsed import is_lapsed
from models.sending.tables import (
    ReservationStatus,
    active_contacts,
    contact_claims,
    send_cycles,
    send_reservations,
)
from resolvers.inputs.global_ids import SendReservationIdArgument
from resolvers.plans.pooled_contacts import counted_in, sees_pool
from resolvers.plans.reads import cycle_starts_at_of
from resolvers.sending.reserve import PERMISSIONS


def by_id(root: FromClause, id: SendReservationIdArgument) -> Select[Any]:
    """A reservation in an account where the viewer may send on its stream."""
    reservation = send_reservations.alias()
    return select(*reservation.c).where(reservation.c.id == id, _seen(reservation))


def of_result(result: FromClause) -> Select[Any]:
    """The reservation, as it is now."""
    reservation = send_reservations.alias()
    return select(*reservation.c).where(reservation.c.id == result.c.reservation_id, _seen(reservation))


def account_of(reservation: FromClause) -> Select[Any]:
    """The account that sends; null where it is outside the viewer's reach."""
    account, statement = readable_account()
    return statement.where(
        account.c.id == reservation.c.account_id, account.c.master_id == reservation.c.master_id
    ).limit(1)


def status_of(reservation: FromClause) -> ColumnElement[str]:
    """What has become of it, by the clock."""
    return case((is_lapsed(reservation), ReservationStatus.EXPIRED.value), else_=reservation.c.status)


def contacts_used_of(subscriber: FromClause) -> ColumnElement[int]:
    """How many contacts are active in this cycle (R89, R97); for who does not see the statistics of this
    account: the sum of what each of the subscription's accounts counts by itself."""
    cycle = send_cycles.alias()
    return _used(subscriber, cycle, contacts_shown(cycle, subscriber))


def contacts_shown(cycle: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """How many of a cycle's contacts the viewer is told of (see `resolvers.plans.pooled_contacts`)."""
    return case((sees_pool(subscriber), contacts_in(cycle)), else_=counted_in(cycle))


def contacts_in(cycle: FromClause) -> ColumnElement[int]:
    """How many contacts are active in a cycle, without those that lapsed reservations still hold."""
    reservation, contact = send_reservations.alias(), active_contacts.alias()
    # From what has lapsed to its contacts: nearly always there is nothing to begin with.
    made = and_(contact.c.master_id == reservation.c.master_id, contact.c.reservation_id == reservation.c.id)
    gone = (
        select(func.count())
        .select_from(reservation.join(contact, made))
        .where(
            reservation.c.master_id == cycle.c.master_id,
            reservation.c.cycle_id == cycle.c.id,
            is_lapsed(reservation),
            contact.c.cycle_id == cycle.c.id,
            ~_claimed(contact, cycle.c.id),
        )
        .correlate(cycle)
        .scalar_subquery()
    )
    # Without statistics of what was just written the planner may begin at the wrong end.
    return case((has_lapsed(cycle), cycle.c.contacts - gone), else_=cycle.c.contacts)


def sends_used_of(subscriber: FromClause) -> ColumnElement[int]:
    """How many sends this cycle has seen, those beyond the limit included."""
    cycle = send_cycles.alias()
    return _used(subscriber, cycle, sends_in(cycle))


def sends_in(cycle: FromClause) -> ColumnElement[int]:
    """How many sends a cycle has seen, without those of lapsed reservations."""
    lapsed = func.coalesce(func.sum(send_reservations.c.recipients), literal_column("0"))
    return cycle.c.sends - _lapsed_in(cycle, lapsed)


def holds(contact: FromClause, cycle_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a contact's row makes it active now: what holds or claims it has not lapsed."""
    holder = send_reservations.alias()
    lapsed = exists(
        select(holder.c.id)
        .where(
            holder.c.master_id == contact.c.master_id,
            holder.c.id == contact.c.reservation_id,
            holder.c.cycle_id == cycle_id,
            is_lapsed(holder),
        )
        .correlate_except(holder)
    )
    return or_(~lapsed, _claimed(contact, cycle_id))


def _claimed(contact: FromClause, cycle_id: ColumnElement[Any]) -> ColumnElement[bool]:
    claim, heir = contact_claims.alias(), send_reservations.alias()
    return exists(
        select(claim.c.digest)
        .join(heir, and_(heir.c.master_id == claim.c.master_id, heir.c.id == claim.c.reservation_id))
        .where(
            claim.c.master_id == contact.c.master_id,
            claim.c.cycle_id == cycle_id,
            claim.c.digest == contact.c.digest,
            heir.c.status == ReservationStatus.RESERVED.value,
            heir.c.expires_at > current_moment(),
        )
        .correlate_except(claim, heir)
    )


def has_lapsed(cycle: FromClause) -> ColumnElement[bool]:
    """Whether a reservation of the cycle has lapsed, and holds contacts no longer: nearly always none has."""
    return _lapsed_in(cycle, func.count()) > 0


def _used(subscriber: FromClause, cycle: FromClause, value: ColumnElement[int]) -> ColumnElement[int]:
    found = (
        select(value)
        .where(
            cycle.c.account_id == subscriber.c.id,
            cycle.c.master_id == subscriber.c.master_id,
            cycle.c.starts_at == cycle_starts_at_of(subscriber),
        )
        .correlate(subscriber)
        .scalar_subquery()
    )
    return func.coalesce(found, literal_column("0"))


def _lapsed_in(cycle: FromClause, value: ColumnElement[int]) -> ColumnElement[int]:
    return (
        select(value)
        .select_from(send_reservations)
        .where(
            send_reservations.c.master_id == cycle.c.master_id,
            send_reservations.c.cycle_id == cycle.c.id,
            is_lapsed(send_reservations),
        )
        .correlate(cycle)
        .scalar_subquery()
    )


def _seen(reservation: FromClause) -> ColumnElement[bool]:
    return or_(
        *[
            and_(reservation.c.stream == stream.value, account_where(reservation, permission))
            for stream, permission in PERMISSIONS.items()
        ]
    )
