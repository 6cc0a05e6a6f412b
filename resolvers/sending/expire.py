"""Releasing expired reservations, without waiting for the next send (T18)."""

from sqlalchemy import select

from authz.callers.actors import PLATFORM
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.base.clock import current_moment
from models.base.ids import MasterId, SendCycleId
from models.sending.tables import ReservationStatus, send_reservations
from resolvers.sending.cycle import lock_cycle
from resolvers.sending.release import release_reservations
from resolvers.sending.reserved_credit import release_credit


async def expire_reservations(session: WriteSession, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Release the contacts, sends and credit of the cycle's reservations that expired without a commit."""
    if not await enter_as_worker(session, master_id):
        return
    await lock_cycle(session, master_id, cycle_id)
    reservation = send_reservations.c
    over = select(reservation.id).where(
        reservation.master_id == master_id,
        reservation.cycle_id == cycle_id,
        reservation.status == ReservationStatus.RESERVED.value,
        reservation.expires_at <= current_moment(),
    )
    ids = list((await session.execute(over)).scalars())
    refunds = await release_reservations(session, master_id, ids, ReservationStatus.EXPIRED)
    await release_credit(session, PLATFORM, master_id, refunds)
