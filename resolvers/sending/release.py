"""Releasing what open reservations hold: contacts, sends and credit."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    any_,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.elements import CollectionAggregate

from engine.writes.sessions import WriteSession
from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.base.ids import AccountId, MasterId, SendReservationId
from models.budgets.tables import credit_counts
from models.sending.tables import (
    ReservationStatus,
    active_contacts,
    contact_claims,
    send_counts,
    send_cycles,
    send_reservations,
)
from resolvers.plans.pooled_contacts import looked_up, reservation_is
from resolvers.sending.long_statements import allow_many


def is_open(reservation: FromClause) -> ColumnElement[bool]:
    """Whether the reservation is neither settled nor released."""
    return reservation.c.status == ReservationStatus.RESERVED.value


_OPEN = is_open(send_reservations)


@dataclass(frozen=True)
class Refund:
    """Credit that is no longer reserved, in micro-units."""

    payer_id: AccountId
    amount: int


async def release_reservations(
    session: WriteSession,
    master_id: MasterId,
    reservation_ids: Collection[SendReservationId],
    status: ReservationStatus,
) -> list[Refund]:
    """Release what open reservations of locked cycles hold. The caller posts the returned credit."""
    if not reservation_ids:
        return []
    # A release that timed out would block every later write to the cycle.
    await allow_many(session)
    ids = any_(literal(list(reservation_ids), ARRAY(Uuid)))
    await _hand_over(session, master_id, ids)
    await _free_contacts(session, master_id, ids)
    await _free_sends(session, master_id, ids)
    await _free_credit(session, master_id, ids)
    reservation = send_reservations.c
    settled = (
        update(send_reservations)
        .where(reservation.master_id == master_id, reservation.id == ids, _OPEN)
        .values(status=status.value, settled_at=current_moment())
        .returning(reservation.payer_id, reservation.price)
    )
    rows = (await session.execute(settled)).all()
    return [Refund(row.payer_id, row.price) for row in rows if row.price]


async def _hand_over(session: WriteSession, master_id: MasterId, ids: CollectionAggregate[bool]) -> None:
    """If another reservation claims a contact, that reservation becomes its holder, because its sends to the
    contact stand. The claims of each contact are looked up one by one. PostgreSQL would plan a join by
    statistics that do not know of a million new rows yet."""
    claim, contact, holder = contact_claims.c, active_contacts.c, send_reservations.c
    of_others = and_(claim.master_id == master_id, ~(claim.reservation_id == ids))
    claims = (of_others, claim.cycle_id == contact.cycle_id, claim.digest == contact.digest)
    heir = (
        select(claim.reservation_id)
        .where(*claims, reservation_is(claim.master_id, claim.reservation_id, is_open))
        .order_by(claim.reservation_id)
        .limit(1)
        .correlate(active_contacts)
        .scalar_subquery()
    )
    held = and_(contact.master_id == master_id, contact.reservation_id == ids)
    handed = and_(exists().where(of_others), held, heir.is_not(None))
    given = select(contact.master_id, contact.reservation_id, contact.cycle_id, contact.digest).where(handed)
    # The release counts what each account loses by its claims.
    await session.execute(leave_claims(given))
    taken_over = update(active_contacts).where(handed).values(reservation_id=heir)
    if not (await session.execute(taken_over.execution_options(preserve_rowcount=True))).rowcount:
        return
    # A holder counts its contact as held, and must not count it again by a claim. The look-up uses the key
    # alone: with the holder as a condition, a plan might search all contacts of the holder.
    held_by = (
        select(contact.reservation_id)
        .where(in_tree(active_contacts, contact_claims, cycle_id="cycle_id", digest="digest"))
        .correlate(contact_claims)
        .scalar_subquery()
    )
    cycles = select(holder.cycle_id).where(holder.master_id == master_id, holder.id == ids)
    of_cycles = and_(claim.master_id == master_id, claim.cycle_id.in_(cycles))
    await session.send_built(delete(contact_claims).where(of_cycles, claim.reservation_id == held_by))


def leave_claims(claims: Select[Any]) -> Insert:
    """Insert these rows (master_id, reservation_id, cycle_id, digest) as claims."""
    columns = ["master_id", "reservation_id", "cycle_id", "digest"]
    return upsert(contact_claims).from_select(columns, claims).on_conflict_do_nothing()


async def _free_contacts(session: WriteSession, master_id: MasterId, ids: CollectionAggregate[bool]) -> None:
    contact, claim, cycle = active_contacts.c, contact_claims.c, send_cycles.c
    # This runs while the contacts exist: an account that holds a contact itself loses it with its row.
    dropped = (
        delete(contact_claims)
        .where(claim.master_id == master_id, claim.reservation_id == ids)
        .returning(claim.master_id, claim.cycle_id, claim.digest, claim.reservation_id)
        .cte("dropped")
    )
    lost = _lost_by_accounts(dropped, ids)
    await session.send_built(
        update(send_cycles)
        .where(cycle.master_id == master_id, cycle.id == lost.c.cycle_id)
        .values(repeated=cycle.repeated - lost.c.number)
    )
    gone = (
        delete(active_contacts)
        .where(contact.master_id == master_id, contact.reservation_id == ids)
        .returning(contact.cycle_id)
        .cte("gone")
    )
    freed = select(gone.c.cycle_id, func.count().label("number")).group_by(gone.c.cycle_id).subquery("freed")
    await session.send_built(
        update(send_cycles)
        .where(cycle.master_id == master_id, cycle.id == freed.c.cycle_id)
        .values(contacts=cycle.contacts - freed.c.number)
    )


def _lost_by_accounts(dropped: CTE, ids: CollectionAggregate[bool]) -> FromClause:
    """How many contacts (cycle_id, number) accounts stop counting when these claims end. An account stops
    counting a contact if it has no other claim on it and does not hold it. A contact that it holds stays
    active, or is deleted with the holder's row."""
    owner, contact, claim = send_reservations.alias(), active_contacts.alias(), contact_claims.alias()

    def of_owner(reservation: FromClause) -> ColumnElement[bool]:
        return reservation.c.account_id == owner.c.account_id

    held = looked_up(
        select(contact.c.reservation_id)
        .where(
            in_tree(contact, dropped, cycle_id="cycle_id", digest="digest"),
            reservation_is(contact.c.master_id, contact.c.reservation_id, of_owner),
        )
        .correlate(dropped, owner)
    )
    claimed = looked_up(
        select(claim.c.reservation_id)
        .where(
            in_tree(claim, dropped, cycle_id="cycle_id", digest="digest"),
            ~(claim.c.reservation_id == ids),
            reservation_is(claim.c.master_id, claim.c.reservation_id, of_owner),
        )
        .correlate(dropped, owner)
    )
    own = in_tree(owner, dropped, id="reservation_id")
    rows = (
        select(dropped.c.cycle_id, owner.c.account_id, dropped.c.digest)
        .join(owner, own)
        .where(~held, ~claimed)
        .distinct()
        .subquery()
    )
    return select(rows.c.cycle_id, func.count().label("number")).group_by(rows.c.cycle_id).subquery("lost")


async def _free_sends(session: WriteSession, master_id: MasterId, ids: CollectionAggregate[bool]) -> None:
    reservation, cycle, count = send_reservations.c, send_cycles.c, send_counts.c
    total = func.sum(reservation.recipients).label("number")
    of_these = and_(reservation.master_id == master_id, reservation.id == ids, _OPEN)
    by_cycle = select(reservation.cycle_id, total).where(of_these).group_by(reservation.cycle_id).subquery()
    by_account = (
        select(reservation.cycle_id, reservation.account_id, total)
        .where(of_these)
        .group_by(reservation.cycle_id, reservation.account_id)
        .subquery()
    )
    await session.send_built(
        update(send_cycles)
        .where(cycle.master_id == master_id, cycle.id == by_cycle.c.cycle_id)
        .values(sends=cycle.sends - by_cycle.c.number)
    )
    await session.send_built(
        update(send_counts)
        .where(
            count.master_id == master_id,
            count.cycle_id == by_account.c.cycle_id,
            count.account_id == by_account.c.account_id,
        )
        .values(sends=count.sends - by_account.c.number)
    )


async def _free_credit(session: WriteSession, master_id: MasterId, ids: CollectionAggregate[bool]) -> None:
    reservation, count = send_reservations.c, credit_counts.c
    key = (reservation.cycle_id, reservation.account_id, reservation.payer_id)
    freed = (
        select(*key, func.sum(reservation.price).label("amount"))
        .where(reservation.master_id == master_id, reservation.id == ids, _OPEN, reservation.price > 0)
        .group_by(*key)
        .subquery()
    )
    await session.send_built(
        update(credit_counts)
        .where(
            count.master_id == master_id,
            count.cycle_id == freed.c.cycle_id,
            count.account_id == freed.c.account_id,
            count.payer_id == freed.c.payer_id,
        )
        .values(amount=count.amount - freed.c.amount)
    )
