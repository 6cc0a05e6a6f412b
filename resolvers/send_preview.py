"""What a reservation would book, without booking anything (N11, R95, R96)."""

import enum
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    and_,
    func,
    literal,
    select,
    true,
)

from authz.permissions import Permission
from authz.reach import readable_account
from authz.status import effective_status
from models.accounts import AccountStatus, account_closure, accounts
from models.clock import current_moment
from models.identifiers import AccountId
from models.ledger import BalanceKind, ledger_balances
from models.plans import plans
from models.sends import active_contacts, send_cycles
from resolvers import plans as plan_reads
from resolvers import send_caps, sends
from resolvers.billing import billed_id
from resolvers.contacts import ContactDigest
from resolvers.credit import nearest_pool
from resolvers.terms import sends_beyond


class SendWarning(enum.Enum):
    """What stands in the way of a list, or makes it cost more."""

    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"
    NO_RECIPIENTS = "NO_RECIPIENTS"
    CONTACT_LIMIT = "CONTACT_LIMIT"
    SEND_LIMIT = "SEND_LIMIT"
    BEYOND_PLAN = "BEYOND_PLAN"
    SEND_CAP = "SEND_CAP"
    INSUFFICIENT_CREDIT = "INSUFFICIENT_CREDIT"


@dataclass(frozen=True)
class State:
    """What a list meets in an account: rights, status, limits, what is used, what there is to pay with."""

    mask: int
    status: str
    invoiced_id: AccountId
    contact_limit: int
    send_limit: int
    send_price: int | None
    contacts_used: int
    sends_used: int
    cap_left: int | None
    credit: int
    active: int
    """How many of the list are active already."""


@dataclass(frozen=True)
class Preview:
    """What would be booked. Amounts in micro-units; what is left, as after it."""

    recipients: int
    new_contacts: int
    contacts_left: int
    sends_left: int
    price: int
    warnings: Sequence[SendWarning]


def state_of(account_id: AccountId, digests: Sequence[ContactDigest]) -> Select[Any]:
    """The columns of State, for an account within reach."""
    found, statement = readable_account()
    account = statement.where(found.c.id == account_id).subquery("account")
    subscriber, plan = accounts.alias(), plans.alias()
    subscribed = and_(
        subscriber.c.master_id == account.c.master_id,
        subscriber.c.id == plan_reads.subscriber_id(account),
    )
    return select(
        account.c.mask,
        effective_status(account).label("status"),
        billed_id(account, current_moment()).label("invoiced_id"),
        plan_reads.contact_limit_of(subscriber).label("contact_limit"),
        plan_reads.send_limit_of(subscriber).label("send_limit"),
        plan.c.send_price,
        sends.contacts_used_of(subscriber).label("contacts_used"),
        sends.sends_used_of(subscriber).label("sends_used"),
        _cap_left(account, subscriber).label("cap_left"),
        _credit(account).label("credit"),
        _active(subscriber, digests).label("active"),
    ).select_from(
        account.join(subscriber, subscribed).join(plan, plan.c.id == plan_reads.plan_id_of(subscriber))
    )


def preview(state: State, recipients: int) -> Preview:
    """What so many recipients would book."""
    new = recipients - state.active
    after = state.sends_used + recipients
    beyond = sends_beyond(state.send_limit, state.sends_used, recipients)
    price = beyond * (state.send_price or 0)
    return Preview(
        recipients,
        new,
        state.contact_limit - state.contacts_used - new,
        state.send_limit - after,
        price,
        list(_warnings(state, recipients, new, beyond, price)),
    )


def may_send(state: State, permission: Permission) -> bool:
    """Whether the viewer holds the permission there."""
    return bool(state.mask & permission.bit)


def _warnings(state: State, recipients: int, new: int, beyond: int, price: int) -> Iterator[SendWarning]:
    if state.status != AccountStatus.ACTIVE.value:
        yield SendWarning.ACCOUNT_NOT_ACTIVE
    if not recipients:
        yield SendWarning.NO_RECIPIENTS
    if new and state.contacts_used + new > state.contact_limit:
        yield SendWarning.CONTACT_LIMIT
    if beyond:
        yield SendWarning.SEND_LIMIT if state.send_price is None else SendWarning.BEYOND_PLAN
    if state.cap_left is not None and recipients > state.cap_left:
        yield SendWarning.SEND_CAP
    if price > state.credit:
        yield SendWarning.INSUFFICIENT_CREDIT


def _cap_left(account: FromClause, subscriber: FromClause) -> ColumnElement[int]:
    """What the narrowest cap on the path has left; NULL: there is none."""
    path = account_closure.alias()
    return (
        select(func.min(send_caps.left(path, _cycle_id(subscriber))))
        .where(path.c.master_id == account.c.master_id, path.c.descendant_id == account.c.id)
        .correlate(account, subscriber)
        .scalar_subquery()
    )


def _cycle_id(subscriber: FromClause) -> ColumnElement[uuid.UUID]:
    cycle = send_cycles.alias()
    return (
        select(cycle.c.id)
        .where(
            cycle.c.master_id == subscriber.c.master_id,
            cycle.c.account_id == subscriber.c.id,
            cycle.c.starts_at == plan_reads.cycle_starts_at_of(subscriber),
        )
        .correlate(subscriber)
        .scalar_subquery()
    )


def _credit(account: FromClause) -> ColumnElement[int]:
    """What the account's pool has; what lapsed reservations still hold of it is not counted."""
    balance = ledger_balances.alias()
    amount = (
        select(balance.c.amount)
        .where(
            balance.c.master_id == account.c.master_id,
            balance.c.account_id == nearest_pool(account),
            balance.c.kind == BalanceKind.CREDIT.value,
        )
        .correlate(account)
        .scalar_subquery()
    )
    return func.coalesce(amount, 0)


def _active(subscriber: FromClause, digests: Sequence[ContactDigest]) -> ColumnElement[int]:
    listed = func.unnest(literal(digests, ARRAY(LargeBinary))).table_valued("digest").render_derived()
    contact, cycle = active_contacts.alias(), send_cycles.alias()
    current = and_(
        cycle.c.master_id == subscriber.c.master_id,
        cycle.c.account_id == subscriber.c.id,
        cycle.c.starts_at == plan_reads.cycle_starts_at_of(subscriber),
    )
    known = and_(
        contact.c.master_id == cycle.c.master_id,
        contact.c.cycle_id == cycle.c.id,
        contact.c.digest == listed.c.digest,
    )
    return (
        select(func.count())
        .select_from(cycle)
        .join(listed, true())
        .join(contact, known)
        .where(current, sends.holds(contact, cycle.c.id))
        .correlate(subscriber)
        .scalar_subquery()
    )
