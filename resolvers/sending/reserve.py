"""Reserving sends: all checks and all counts, in one transaction (R92, R99, R104, T18, T21)."""

import datetime
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode
from engine.text.forms import compared
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, this_account
from models.base.clock import current_moment
from models.base.ids import (
    AccountId,
    IdInAccount,
    Kind,
    SendCycleId,
    SendReservationId,
    new_id,
    present,
    present_in_account,
)
from models.credit.pools import nearest_pool
from models.effects.jobs import Job
from models.sending.job_kinds import RESERVATION_EXPIRY
from models.sending.tables import SendStream, send_reservations
from resolvers.budgets.lock import lock_allowance
from resolvers.budgets.send_check import CycleSends, SendCosts, costs_of_sends
from resolvers.effects.event_kinds import EventKind
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import Change, record
from resolvers.plans.effective_plan import effective_plan_of
from resolvers.review.gate import check_reviewed
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.activate import activate_contacts
from resolvers.sending.address_hash import Recipients
from resolvers.sending.audience import Audience, audience_of, field_of
from resolvers.sending.cycle import CycleUse, count_use, open_cycle
from resolvers.sending.labels import read_label, use_label
from resolvers.sending.left_out_store import StoredLeftOut, read_stored
from resolvers.sending.lists.contact_lists import copy_contact_list
from resolvers.sending.lists.recipient_rows import Given
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.sending.reserved_credit import reserve_credit
from resolvers.suppressions.exclusions import Exclusion

VALID_FOR = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class SendReservation:
    """Sends to reserve: one for each recipient."""

    account_id: AccountId
    stream: SendStream
    recipients: Given | IdInAccount
    """Recipients, a list of them, or a contact list."""
    idempotency_key: str
    label: str | None = None


@dataclass(frozen=True)
class SendReserved:
    """`left_out`: the recipients of the request that the reservation has left out. `replayed`: an earlier
    request under the same key made it."""

    reservation_id: SendReservationId
    left_out: Mapping[bytes, Exclusion]
    replayed: bool


async def reserve_sends(
    session: WriteSession, principal: Principal, command: SendReservation, review: ReviewPolicy
) -> SendReserved:
    """Reserve the sends and the contacts that they activate: all of them or none. Recipients that are
    blocked, have unsubscribed or bounced are left out first: they are never sent to, and never become active.

    Needs the stream's permission, and CONTACTS_READ for a contact list. Recipients that are active already
    can be sent to even where no more contacts can become active (R102). Raises CONTACT_LIMIT_REACHED,
    SEND_LIMIT_REACHED, SEND_CAP_REACHED, CREDIT_CAP_REACHED, INSUFFICIENT_CREDIT, BAD_USER_INPUT for no
    recipients or a wrong label, LABEL_LIMIT_REACHED, NOT_FOUND for a list that has ended or is deleted,
    IDEMPOTENCY_MISMATCH, REVIEW_REQUIRED.
    """
    label = None if command.label is None else read_label(command.label)
    needed = SEND_PERMISSIONS[command.stream], WriteKind.REPEATABLE
    account = await authorize_shared(session, principal, command.account_id, *needed)
    reservation_id = SendReservationId(new_id())
    request = _request(command, label)
    outcome = {"reservation": str(reservation_id)}
    earlier = await claim_key(session, principal, account, request, outcome)
    if earlier is not None:
        earlier_id = SendReservationId(uuid.UUID(earlier["reservation"]))
        left_out = await read_stored(session, account, earlier_id)
        return SendReserved(earlier_id, left_out, replayed=True)
    await check_reviewed(session, account, review)
    audience, given = await _audience(session, account, command)
    field = field_of(command.recipients)
    if not audience.recipients:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "No recipient is left.", field)
    effective = await effective_plan_of(session, account)
    cycle, refunds = await open_cycle(session, effective)
    if label is not None:
        label = await use_label(session, account, cycle, label)
    allowance = await lock_allowance(session, account, effective.subscriber_id)
    contacts = await activate_contacts(session, account, effective, cycle, reservation_id, audience)
    if contacts.active and cycle.contacts + contacts.active > effective.contact_limit:
        raise Refusal(RefusalCode.CONTACT_LIMIT_REACHED, field=field)
    cycle_sends = CycleSends(effective.send_limit, cycle.sends, effective.plan.send_price)
    costs = costs_of_sends(cycle_sends, allowance, audience.recipients)
    _check(costs, field)
    use = CycleUse(
        account_id=account.account_id,
        contacts=contacts.active,
        own_contacts=contacts.own,
        sends=audience.recipients,
        payer_id=await _payer(session, account),
        price=costs.price,
    )
    await count_use(session, effective, cycle, use)
    stored = StoredLeftOut.of(audience.left_out, given)
    reservation = _Reservation(reservation_id, cycle.id, command.stream, label, use, costs.beyond, stored)
    await _store(session, account, reservation)
    await reserve_credit(session, principal, account, use.payer_id, costs, refunds, field)
    expiry = Job(RESERVATION_EXPIRY, account.master_id, cycle.id)
    await enqueue(session, expiry, current_moment() + VALID_FOR)
    await _log(session, principal, account, reservation)
    return SendReserved(reservation_id, stored.causes, replayed=False)


@dataclass(frozen=True)
class _Reservation:
    """What is stored of a reservation. `beyond`: the sends that the plan does not cover."""

    id: SendReservationId
    cycle_id: SendCycleId
    stream: SendStream
    label: str | None
    use: CycleUse
    beyond: int
    left_out: StoredLeftOut


async def _audience(
    session: WriteSession, account: Authorized, command: SendReservation
) -> tuple[Audience, Given]:
    """Who is sent to, and the recipients before anybody was left out."""
    if not isinstance(command.recipients, IdInAccount):
        given = command.recipients
        return await audience_of(session, account, command.stream, given), given
    # How many are sent to, and how many of them are left out, tells of the contacts in it.
    if not account.held & Permission.CONTACTS_READ.bit:
        raise PermissionDenied(Permission.CONTACTS_READ)
    copied = await copy_contact_list(session, account, command.recipients)
    list_id = command.recipients.id
    return await audience_of(session, account, command.stream, copied, list_id), copied


async def _store(session: WriteSession, account: Authorized, reservation: _Reservation) -> None:
    use = reservation.use
    await session.send_built(
        insert(send_reservations).values(
            **columns_of(account),
            id=reservation.id,
            cycle_id=reservation.cycle_id,
            stream=reservation.stream.value,
            label=reservation.label,
            recipients=use.sends,
            new_contacts=use.contacts,
            own_contacts=use.own_contacts,
            price=use.price,
            beyond=reservation.beyond,
            **reservation.left_out.columns(),
            payer_id=use.payer_id,
            expires_at=current_moment() + VALID_FOR,
        )
    )


async def _log(
    session: WriteSession, principal: Principal, account: Authorized, reservation: _Reservation
) -> None:
    use = reservation.use
    after: Change = {"stream": reservation.stream.value, "recipients": use.sends}
    after |= {"newContacts": use.own_contacts, "price": str(use.price)}
    after |= reservation.left_out.logged()
    if reservation.label is not None:
        after["label"] = reservation.label
    subject_id = present(Kind.SEND_RESERVATION, reservation.id)
    await record(session, principal, account, EventKind.SEND_RESERVED, subject_id, None, after)


def _check(costs: SendCosts, field: str) -> None:
    for within, code in (
        (costs.within_sends, RefusalCode.SEND_LIMIT_REACHED),
        (costs.within_cap, RefusalCode.SEND_CAP_REACHED),
        (costs.within_credit_cap, RefusalCode.CREDIT_CAP_REACHED),
    ):
        if not within:
            raise Refusal(code, field=field)


async def _payer(session: WriteSession, account: Authorized) -> AccountId:
    own = this_account(accounts, account)
    return AccountId((await session.execute(select(nearest_pool(accounts)).where(own))).scalar_one())


def _request(command: SendReservation, label: str | None) -> IdempotentRequest:
    if isinstance(command.recipients, Recipients):
        recipients = hashlib.sha256(b"".join(sorted(command.recipients.digests))).hexdigest()
    elif isinstance(command.recipients, IdInAccount):
        named = command.recipients
        recipients = present_in_account(Kind.CONTACT_LIST, named.account_id, named.id)
    else:
        recipients = present(Kind.RECIPIENT_LIST, command.recipients)
    content = (command.stream.value, recipients, *(() if label is None else (compared(label),)))
    return IdempotentRequest("sendReserve", command.idempotency_key, content)
