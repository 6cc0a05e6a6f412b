"""Reserving sends: what decides and what is counted, in one transaction (R92, R99, R104, T18, T21)."""

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Uuid, and_, exists, func, insert, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import InsufficientCredit, Refusal, RefusalCode
from engine.text.forms import compared
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.base.clock import current_moment
from models.base.ids import AccountId, Kind, LedgerTransactionId, SendReservationId, new_id, present
from models.credit.pools import nearest_pool
from models.credit.tables import BalanceKind, LedgerTransactionKind
from models.effects.jobs import Job, JobKind
from models.sending.tables import (
    ReservationStatus,
    SendStream,
    active_contacts,
    send_counts,
    send_reservations,
)
from resolvers.budgets.lock import lock_allowance
from resolvers.budgets.send_check import Bill, Standing, bill
from resolvers.credit.post import Posting, Transaction, post
from resolvers.effects.idempotency import IdempotentRequest, claim
from resolvers.effects.jobs import enqueue
from resolvers.effects.log import Change, EventKind, record
from resolvers.plans.effective_plan import Terms, terms_of
from resolvers.plans.pooled_contacts import claimed_by
from resolvers.sending.address_hash import MOST_IN_A_REQUEST, Recipients
from resolvers.sending.audiences import Audience, Given, audience_of, known_in
from resolvers.sending.cycle import OpenCycle, Refund, Use, leave_claims, open_cycle, use
from resolvers.sending.labels import read_label, use_label

VALID_FOR = datetime.timedelta(minutes=15)

PERMISSIONS = {
    SendStream.MARKETING: Permission.CAMPAIGNS_SEND,
    SendStream.TRANSACTIONAL: Permission.TRANSACTIONAL_SEND,
}
"""What sending needs. A key with a purpose never holds the other stream's (R7)."""


@dataclass(frozen=True)
class SendReservation:
    """Sends to be reserved: to each recipient one."""

    account_id: AccountId
    stream: SendStream
    recipients: Given
    idempotency_key: str
    label: str | None = None


@dataclass(frozen=True)
class SendReserved:
    """`replayed`: it was made by an earlier request under the same key."""

    reservation_id: SendReservationId
    replayed: bool


async def reserve_sends(
    session: WriteSession, principal: Principal, command: SendReservation
) -> SendReserved:
    """Count the sends and the contacts that become active by them, all of them or none.

    Needs the stream's permission. Those already active are sent to also where no other contact can become
    active (R102). Raises CONTACT_LIMIT_REACHED, SEND_LIMIT_REACHED, SEND_CAP_REACHED, CREDIT_CAP_REACHED,
    INSUFFICIENT_CREDIT, BAD_USER_INPUT where nobody is left to send to or the label can be none,
    LABEL_LIMIT_REACHED, NOT_FOUND for a list that has ended, IDEMPOTENCY_MISMATCH.
    """
    label = None if command.label is None else read_label(command.label)
    account = await authorize_shared(session, principal, command.account_id, PERMISSIONS[command.stream])
    wanted = SendReservationId(new_id())
    request = _request(command, label)
    outcome = await claim(session, principal, account, request, {"reservation": str(wanted)})
    if outcome["reservation"] != str(wanted):
        return SendReserved(SendReservationId(uuid.UUID(outcome["reservation"])), replayed=True)
    audience = await audience_of(session, account, command.recipients)
    terms = await terms_of(session, account)
    cycle, refunds = await open_cycle(session, terms)
    if label is not None:
        label = await use_label(session, account, cycle, label)
    allowance = await lock_allowance(session, account, terms.subscriber_id)
    contacts = await _activate(session, account, terms, cycle, wanted, audience)
    if contacts.active and cycle.contacts + contacts.active > terms.contact_limit:
        raise Refusal(RefusalCode.CONTACT_LIMIT_REACHED, field="recipients")
    standing = Standing(terms.send_limit, cycle.sends, terms.plan.send_price)
    costs = bill(standing, allowance, audience.recipients)
    _check(costs)
    payer_id = await _payer(session, account)
    taken = Use(account.account_id, contacts.active, contacts.own, audience.recipients, payer_id, costs.price)
    await use(session, terms, cycle, taken)
    await session.execute(
        insert(send_reservations).values(
            master_id=account.master_id,
            account_id=account.account_id,
            id=wanted,
            cycle_id=cycle.id,
            stream=command.stream.value,
            label=label,
            recipients=audience.recipients,
            new_contacts=contacts.active,
            own_contacts=contacts.own,
            price=costs.price,
            beyond=costs.beyond,
            payer_id=payer_id,
            expires_at=current_moment() + VALID_FOR,
        )
    )
    await _reserve_credit(session, principal, account, payer_id, costs, refunds)
    expiry = Job(JobKind.RESERVATION_EXPIRY, account.master_id, cycle.id)
    await enqueue(session, expiry, current_moment() + VALID_FOR)
    after: Change = {"stream": command.stream.value, "recipients": audience.recipients}
    after |= {"newContacts": contacts.own, "price": str(costs.price)}
    if label is not None:
        after["label"] = label
    subject_id = present(Kind.SEND_RESERVATION, wanted)
    await record(session, principal, account, EventKind.SEND_RESERVED, subject_id, None, after)
    return SendReserved(wanted, replayed=False)


def _check(costs: Bill) -> None:
    for within, code in (
        (costs.within_sends, RefusalCode.SEND_LIMIT_REACHED),
        (costs.within_cap, RefusalCode.SEND_CAP_REACHED),
        (costs.within_credit_cap, RefusalCode.CREDIT_CAP_REACHED),
    ):
        if not within:
            raise Refusal(code, field="recipients")


@dataclass(frozen=True)
class _NewContacts:
    """How many become `active` in the subscription, and how many the account has not sent to before."""

    active: int
    own: int


async def _activate(
    session: WriteSession,
    account: Authorized,
    terms: Terms,
    cycle: OpenCycle,
    reservation_id: SendReservationId,
    audience: Audience,
) -> _NewContacts:
    """Make contacts active. For those that another open reservation or another account holds, a claim is
    left.

    Nothing is written for a large list that brings more contacts than the cycle has left: one more is told.
    """
    rows = audience.digests.subquery("recipients")
    master, own = literal(terms.master_id, Uuid), literal(reservation_id, Uuid)
    in_cycle = literal(cycle.id, Uuid)
    contact = known_in(rows, master, in_cycle)
    known = rows.join(contact, true(), isouter=True)
    left = max(terms.contact_limit - cycle.contacts, 0)
    if audience.recipients > max(left, MOST_IN_A_REQUEST):
        fresh = select(rows.c.digest).select_from(known).where(contact.c.digest.is_(None)).limit(left + 1)
        counted = select(func.count()).select_from(fresh.subquery())
        if (await session.execute(counted)).scalar_one() > left:
            return _NewContacts(left + 1, left + 1)
    columns = ["master_id", "cycle_id", "digest", "reservation_id"]
    inserted = await session.execute(
        upsert(active_contacts)
        .from_select(columns, select(master, in_cycle, rows.c.digest, own))
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )
    if inserted.rowcount == audience.recipients:
        return _NewContacts(inserted.rowcount, inserted.rowcount)
    if not await _has_others(session, account, cycle):
        return _NewContacts(inserted.rowcount, inserted.rowcount)
    holder = send_reservations.alias()
    by = and_(holder.c.master_id == contact.c.master_id, holder.c.id == contact.c.reservation_id)
    held = known.join(holder, by)
    of_others = holder.c.account_id != account.account_id
    unclaimed = ~claimed_by(account.account_id, contact)
    counted = select(func.count()).select_from(held).where(of_others, unclaimed)
    first = (await session.execute(counted)).scalar_one()
    is_open = holder.c.status == ReservationStatus.RESERVED.value
    stays = ~claimed_by(account.account_id, contact, ReservationStatus.COMMITTED)
    claims = select(master, own, in_cycle, rows.c.digest).select_from(held)
    await session.execute(leave_claims(claims.where(or_(is_open, and_(of_others, stays)))))
    return _NewContacts(inserted.rowcount, inserted.rowcount + first)


async def _has_others(session: WriteSession, account: Authorized, cycle: OpenCycle) -> bool:
    """Whether anybody else may hold contacts of the cycle: another account, or an open reservation."""
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


async def _payer(session: WriteSession, account: Authorized) -> AccountId:
    own = and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
    return AccountId((await session.execute(select(nearest_pool(accounts)).where(own))).scalar_one())


async def _reserve_credit(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    payer_id: AccountId,
    costs: Bill,
    refunds: Sequence[Refund],
) -> None:
    """What nobody promised to the account is taken only from what the payer does not keep for others."""
    guarded = [payer_id] if costs.unpromised else []
    due, over = [Refund(payer_id, -costs.price)], refunds
    if all(refund.payer_id != payer_id for refund in refunds):
        due, over = [*due, *refunds], []
    # Behind what the payer is given back: that locks its books, and those of all others with them.
    await post_refunds(session, principal, account, over)
    short = await post_refunds(session, principal, account, due, guarded)
    if short is not None:
        visible = payer_id == account.account_id and account.mask & Permission.CREDIT_READ.bit
        raise InsufficientCredit(short if visible else None, "recipients")


async def post_refunds(
    session: WriteSession,
    actor: Actor,
    account: Authorized,
    refunds: Iterable[Refund],
    guarded: Sequence[AccountId] = (),
) -> int | None:
    """Move between reserved and free credit of each payer, in one ledger transaction, so that books are
    locked in one order. What is there where it falls short, in micro-units; of the `guarded` payers' credit
    what they keep for others is none of it."""
    net: dict[AccountId, int] = {}
    for refund in refunds:
        net[refund.payer_id] = net.get(refund.payer_id, 0) + refund.amount
    postings = [
        Posting(payer_id, balance, sign * amount)
        for payer_id, amount in net.items()
        if amount
        for balance, sign in ((BalanceKind.CREDIT, 1), (BalanceKind.RESERVED, -1))
    ]
    if not postings:
        return None
    transaction_id, kind = LedgerTransactionId(new_id()), LedgerTransactionKind.SEND
    transaction = Transaction(account.master_id, transaction_id, kind, postings, guarded=guarded)
    short = await post(session, actor, transaction)
    return short[0].available if short else None


def _request(command: SendReservation, label: str | None) -> IdempotentRequest:
    if isinstance(command.recipients, Recipients):
        told = hashlib.sha256(b"".join(sorted(command.recipients.digests))).hexdigest()
    else:
        told = present(Kind.RECIPIENT_LIST, command.recipients)
    content = (command.stream.value, told, *(() if label is None else (compared(label),)))
    return IdempotentRequest("sendReserve", command.idempotency_key, content)
