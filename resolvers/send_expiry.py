"""Giving back what expired reservations hold, without waiting for whoever sends next (T18)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from authz.actors import EarlierActor
from authz.guard import Authorized
from authz.worker_functions import enter_as_worker
from models.clock import current_moment
from models.identifiers import AccountId, MasterId, SendCycleId
from models.sends import ReservationStatus, send_reservations
from resolvers.send_cycles import lock_cycle, release
from resolvers.send_reservations import post_refunds

_NOBODY = EarlierActor(None, None)
"""It was said before when a reservation ends; nobody does it."""


async def expire_reservations(session: AsyncSession, master_id: MasterId, cycle_id: SendCycleId) -> None:
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
    # For the tree alone: nobody's rights are behind it.
    tree = Authorized(master_id, AccountId(master_id), mask=0, below_mask=0, acting_from=AccountId(master_id))
    if await post_refunds(session, _NOBODY, tree, refunds) is not None:
        raise AssertionError("what is given back was reserved")
