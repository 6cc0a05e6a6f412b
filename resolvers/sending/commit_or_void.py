"""Settling a reservation: it is committed before its messages go out, or voided."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from sqlalchemy import (
    Row,
    select,
    update,
)

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.refusals import Refusal, RefusalCode
from engine.text.forms import compared
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, row_of
from models.base.clock import current_moment
from models.base.ids import AccountId, Kind, SendReservationId, present
from models.messages.tables import MessageChannel
from models.sending.tables import (
    ReservationStatus,
    SendStream,
    send_reservations,
)
from models.statistics.tables import StatisticKind
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.reputation.gate import check_source
from resolvers.reputation.sources import SendingSource
from resolvers.review.gate import check_reviewed
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.address_hash import MOST_IN_A_REQUEST
from resolvers.sending.cycle import lock_cycle
from resolvers.sending.long_statements import allow_many
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.sending.release import release_reservations
from resolvers.sending.reserved_credit import release_credit, spend_reserved
from resolvers.sending.take_claims import RESERVATION_ID, take_claims
from resolvers.statistics.count import Counted, Passed, Source, count_in

ReservationRow = Row[*tuple[Any, ...]]


async def commit_sends(
    session: WriteSession, principal: Principal, reservation_id: SendReservationId, review: ReviewPolicy
) -> Authorized:
    """Use up what the reservation holds. From now on its messages may go out.

    Needs the stream's permission. Repeating it changes nothing. Raises RESERVATION_EXPIRED,
    RESERVATION_SETTLED, and for one that was made before the approval was revoked or its source was paused
    REVIEW_REQUIRED and SENDING_PAUSED.
    """
    account, row = await _locked(session, principal, reservation_id)
    status = ReservationStatus(row.status)
    if status is ReservationStatus.COMMITTED:
        return account
    if status is ReservationStatus.VOIDED:
        raise Refusal(RefusalCode.RESERVATION_SETTLED, field="reservationId")
    if status is ReservationStatus.EXPIRED or row.over:
        raise Refusal(RefusalCode.RESERVATION_EXPIRED, field="reservationId")
    await check_reviewed(session, account, review)
    await check_source(session, account, SendingSource(SendStream(row.stream), row.api_key_id), sends=0)
    if row.recipients > MOST_IN_A_REQUEST:
        await allow_many(session)
    source = Source(
        # Reservations are of e-mails.
        channel=MessageChannel.EMAIL,
        stream=SendStream(row.stream),
        # The key that reserved, whoever commits: the gate goes by it too.
        api_key_id=row.api_key_id,
        label=None if row.label is None else compared(row.label),
    )
    held = Held(
        id=reservation_id,
        payer_id=AccountId(row.payer_id),
        price=row.price,
        moment=row.moment,
        sent={source: Passed(row.recipients, row.recipients)},
    )
    await use_up(session, principal, account, held)
    await _log(session, principal, account, EventType.SEND_COMMITTED, row)
    return account


@dataclass(frozen=True, kw_only=True)
class Held:
    """An open reservation, and the credit that it holds, in micro-units. `moment`: now. `sent`: what passes
    by it, as statistics count it."""

    id: SendReservationId
    payer_id: AccountId
    price: int
    moment: datetime.datetime
    sent: Mapping[Source, Passed]

    def counted(self) -> list[Counted]:
        """The same for statistics. The price stands at the first, because only their sum has one."""
        prices = chain([self.price], repeat(0))
        return [
            Counted(
                source=source,
                kind=StatisticKind.SENT,
                happened_at=self.moment,
                number=passed.messages,
                sends=passed.sends,
                amount=price,
            )
            for (source, passed), price in zip(self.sent.items(), prices, strict=False)
        ]


async def use_up(session: WriteSession, actor: Actor, account: Authorized, held: Held) -> None:
    """Commit an open reservation of the account, whose cycle is locked. Whoever calls it has asked whether
    the account may send."""
    await take_claims(session, account, held.id)
    if held.price:
        await spend_reserved(session, actor, account.master_id, held.payer_id, held.price)
    await _COMMIT.send(session, {"master_id": account.master_id, "reservation_id": held.id})
    await count_in(session, account, held.counted())


_COMMIT = FixedStatement(
    update(send_reservations)
    .where(send_reservations.c.master_id == NAMED.master_id, send_reservations.c.id == RESERVATION_ID)
    .values(status=ReservationStatus.COMMITTED.value, settled_at=current_moment())
)


async def void_sends(
    session: WriteSession, principal: Principal, reservation_id: SendReservationId
) -> Authorized:
    """Release what the reservation holds: none of its messages go out. Allowed in any status of the account.

    Needs the stream's permission. Repeating it, or voiding an expired reservation, changes nothing. Raises
    RESERVATION_SETTLED for a committed one.
    """
    account, row = await _locked(session, principal, reservation_id, WriteKind.TAKES_AWAY)
    status = ReservationStatus(row.status)
    if status is ReservationStatus.COMMITTED:
        raise Refusal(RefusalCode.RESERVATION_SETTLED, field="reservationId")
    if status is not ReservationStatus.RESERVED:
        return account
    ending = ReservationStatus.EXPIRED if row.over else ReservationStatus.VOIDED
    refunds = await release_reservations(session, account.master_id, [reservation_id], ending)
    await release_credit(session, principal, account.master_id, refunds)
    if not row.over:
        await _log(session, principal, account, EventType.SEND_VOIDED, row)
    return account


async def _locked(
    session: WriteSession,
    principal: Principal,
    reservation_id: SendReservationId,
    write_kind: WriteKind = WriteKind.CHANGES,
) -> tuple[Authorized, ReservationRow]:
    """The reservation, behind the lock of its cycle."""
    reservation = send_reservations.c
    found = select(reservation.stream, reservation.cycle_id).where(reservation.id == reservation_id)
    known = (await session.execute(found)).one_or_none()
    stream = SendStream.MARKETING if known is None else SendStream(known.stream)
    account_id = select(reservation.account_id).where(reservation.id == reservation_id).scalar_subquery()
    account = await authorize_shared(session, principal, account_id, SEND_PERMISSIONS[stream], write_kind)
    if known is None:
        raise AssertionError("nothing is authorized in the account of no reservation")
    await lock_cycle(session, account.master_id, known.cycle_id)
    over = (reservation.expires_at <= current_moment()).label("over")
    moment = current_moment().label("moment")
    statement = select(*send_reservations.c, over, moment).where(
        row_of(send_reservations, account, reservation_id)
    )
    return account, (await session.execute(statement)).one()


async def _log(
    session: WriteSession, principal: Principal, account: Authorized, kind: EventType, row: ReservationRow
) -> None:
    before = {"status": str(row.status)}
    await record(session, principal, account, kind, present(Kind.SEND_RESERVATION, row.id), dict(before))
