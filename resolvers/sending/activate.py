"""Making the contacts active that a reservation sends to."""

from dataclasses import dataclass

from sqlalchemy import Uuid, and_, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_tree
from models.base.ids import SendReservationId
from models.sending.tables import ReservationStatus, active_contacts, send_counts, send_reservations
from resolvers.plans.effective_plan import EffectivePlan
from resolvers.plans.pooled_contacts import claimed_by
from resolvers.sending.address_hash import MOST_IN_A_REQUEST
from resolvers.sending.audience import Audience
from resolvers.sending.cycle import OpenCycle
from resolvers.sending.lists.recipient_rows import active_contact_of
from resolvers.sending.release import leave_claims


@dataclass(frozen=True)
class NewContacts:
    """How many contacts become `active` in the subscription, and how many the account had not sent to before
    (`own`)."""

    active: int
    own: int


async def activate_contacts(
    session: WriteSession,
    account: Authorized,
    effective: EffectivePlan,
    cycle: OpenCycle,
    reservation_id: SendReservationId,
    audience: Audience,
) -> NewContacts:
    """Make contacts active. Contacts that another open reservation or another account holds get a claim.

    For a large list with more contacts than the cycle has left nothing is written, and the returned number is
    one above the limit.
    """
    rows = audience.digests.subquery("recipients")
    master, own = literal(effective.master_id, Uuid), literal(reservation_id, Uuid)
    in_cycle = literal(cycle.id, Uuid)
    contact = active_contact_of(rows, master, in_cycle)
    known = rows.join(contact, true(), isouter=True)
    left = max(effective.contact_limit - cycle.contacts, 0)
    if audience.recipients > max(left, MOST_IN_A_REQUEST):
        fresh = select(rows.c.digest).select_from(known).where(contact.c.digest.is_(None)).limit(left + 1)
        counted = select(func.count()).select_from(fresh.subquery())
        if (await session.execute(counted)).scalar_one() > left:
            return NewContacts(left + 1, left + 1)
    columns = ["master_id", "cycle_id", "digest", "reservation_id"]
    inserted = await session.execute(
        upsert(active_contacts)
        .from_select(columns, select(master, in_cycle, rows.c.digest, own))
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )
    if inserted.rowcount == audience.recipients:
        return NewContacts(inserted.rowcount, inserted.rowcount)
    if not await _has_others(session, account, cycle):
        return NewContacts(inserted.rowcount, inserted.rowcount)
    holder = send_reservations.alias()
    by = in_tree(holder, contact, id="reservation_id")
    held = known.join(holder, by)
    of_others = holder.c.account_id != account.account_id
    unclaimed = ~claimed_by(account.account_id, contact)
    counted = select(func.count()).select_from(held).where(of_others, unclaimed)
    first = (await session.execute(counted)).scalar_one()
    is_open = holder.c.status == ReservationStatus.RESERVED.value
    stays = ~claimed_by(account.account_id, contact, ReservationStatus.COMMITTED)
    claims = select(master, own, in_cycle, rows.c.digest).select_from(held)
    await session.execute(leave_claims(claims.where(or_(is_open, and_(of_others, stays)))))
    return NewContacts(inserted.rowcount, inserted.rowcount + first)


async def _has_others(session: WriteSession, account: Authorized, cycle: OpenCycle) -> bool:
    """Whether another account or an open reservation may hold contacts of the cycle."""
    reservation, count = send_reservations.c, send_counts.c
    open_ = exists().where(
        reservation.master_id == account.master_id,
        reservation.cycle_id == cycle.id,
        reservation.status == ReservationStatus.RESERVED.value,
    )
    others = exists().where(
        count.master_id == account.master_id,
        count.cycle_id == cycle.id,
        count.account_id != account.account_id,
    )
    found: bool = (await session.execute(select(or_(open_, others)))).scalar_one()
    return found
