"""Giving back what expired reservations hold, without waiting for whoever sends next (T18)."""

from sqlalchemy import select

from authz.actors import PLATFORM
from authz.guard import without_rights
from authz.worker_functions import enter_as_worker
from engine.write_sessions import WriteSession
from models.clock import current_moment
from models.identifiers import AccountId, AccountKey, MasterId, SendCycleId
from models.sends import ReservationStatus, send_reservations
from resolvers.send_cycles import lock_cycle, release
from resolvers.send_reservations import post_refunds


async def expire_reservations(session: WriteSession, master_id: MasterId, cycle_id: SendCycleId) -> None:
    """Give back the contacts, sends and credit of the cycle's reservations that expired without a commit."""
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
    refunds = await release(session, master_id, ids, ReservationStatus.EXPIRED)
    tree = without_rights(AccountKey(master_id, AccountId(master_id)))
    if await post_refunds(session, PLATFORM, tree, refunds) is not None:
        raise AssertionError("what is given back was reserved")
