"""Releasing open reservations when an account is closed, or stops having an own balance (T18).

Nothing of a reservation is sent before its commit, so that no message is lost. The account is locked: nobody
reserves or commits meanwhile in it or on its credit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, SendReservationId, present
from models.sending.lapsed import is_lapsed
from models.sending.tables import ReservationStatus, send_cycles, send_reservations
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_each
from resolvers.sending.release import release_reservations
from resolvers.sending.reserved_credit import release_credit


async def void_open_sends(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """Void all reservations of the locked account and all on its credit. Returns how many, without expired
    ones."""
    found = await _locked(session, account, send_reservations.c.account_id == account.account_id)
    await _give_back(session, principal, account, found.lapsed, ReservationStatus.EXPIRED)
    await _give_back(session, principal, account, found.open, ReservationStatus.VOIDED)
    before: Change = {"status": ReservationStatus.RESERVED.value}
    befores = {present(Kind.SEND_RESERVATION, each): before for each in found.open}
    await record_of_each(session, principal, account, EventType.SEND_VOIDED, befores)
    return len(found.open)


async def give_back_lapsed(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """Release the expired reservations on the locked account's credit. Returns how many others hold some of
    it."""
    found = await _locked(session, account)
    await _give_back(session, principal, account, found.lapsed, ReservationStatus.EXPIRED)
    return len(found.open)


@dataclass(frozen=True)
class _Found:
    open: Sequence[SendReservationId]
    lapsed: Sequence[SendReservationId]


async def _locked(session: WriteSession, account: Authorized, *also: ColumnElement[bool]) -> _Found:
    """Open reservations on the account's credit, or with one of these conditions, behind the locks of their
    cycles."""
    reservation, cycle = send_reservations.c, send_cycles.c
    on_its_credit = and_(reservation.payer_id == account.account_id, reservation.price > 0)
    open_ = and_(
        reservation.master_id == account.master_id,
        reservation.status == ReservationStatus.RESERVED.value,
        or_(on_its_credit, *also),
    )
    counted_in = select(reservation.cycle_id).where(open_)
    locked = select(cycle.id).where(cycle.master_id == account.master_id, cycle.id.in_(counted_in))
    # Reserving locks the cycles of one subscription in this order too.
    await session.execute(locked.order_by(cycle.starts_at, cycle.id).with_for_update())
    lapsed = is_lapsed(send_reservations).label("lapsed")
    rows = (await session.execute(select(reservation.id, lapsed).where(open_).order_by(reservation.id))).all()
    return _Found(
        [SendReservationId(row.id) for row in rows if not row.lapsed],
        [SendReservationId(row.id) for row in rows if row.lapsed],
    )


async def _give_back(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    ids: Sequence[SendReservationId],
    status: ReservationStatus,
) -> None:
    refunds = await release_reservations(session, account.master_id, ids, status)
    await release_credit(session, principal, account.master_id, refunds)
