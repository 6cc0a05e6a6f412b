"""A preview of a send: what a reservation would take, without taking it (N11, R95, R96)."""

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, or_, select, true

from authz.reach.reach import readable_account
from authz.reach.status import effective_status
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_tree
from models.base.ids import AccountId
from models.credit.pools import nearest_pool
from models.plans.tables import plans
from models.sending.tables import SendStream, send_cycles
from resolvers.budgets.send_check import (
    Allowance,
    CycleSends,
    SendCosts,
    affordable,
    allowance_columns,
    costs_of_sends,
    credit_of,
)
from resolvers.plans import cycle_counts
from resolvers.plans import reads as plan_reads
from resolvers.plans.pooled_contacts import is_own, sees_pool
from resolvers.reputation.reads import is_paused_for_viewer, trial_sends_left_for_viewer
from resolvers.review.policy import ReviewPolicy
from resolvers.review.reads import approved_of
from resolvers.sending.lists.recipient_rows import active_contact_of


class SendWarning(enum.Enum):
    """What would block sends or make them cost more."""

    ACCOUNT_NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"
    REVIEW_REQUIRED = "REVIEW_REQUIRED"
    SENDING_PAUSED = "SENDING_PAUSED"
    TRIAL_LIMIT = "TRIAL_LIMIT"
    NO_RECIPIENTS = "NO_RECIPIENTS"
    CONTACT_LIMIT = "CONTACT_LIMIT"
    SEND_LIMIT = "SEND_LIMIT"
    BEYOND_PLAN = "BEYOND_PLAN"
    SEND_CAP = "SEND_CAP"
    CREDIT_CAP = "CREDIT_CAP"
    INSUFFICIENT_CREDIT = "INSUFFICIENT_CREDIT"


@dataclass(frozen=True)
class State(Allowance):
    """An account as a send finds it: status, limits, what is used, and the credit."""

    status: str
    reviewed: bool
    paused: bool
    trial_sends_left: int | None
    """On trial: how many more sends pass in this hour. None: it is on no trial."""
    payer_id: AccountId
    """The account whose credit pays for sends beyond the plan, and which is invoiced for them."""
    contact_limit: int
    contacts_used: int
    send_limit: int
    sends_used: int
    send_price: int | None
    credit: int
    active: int
    """How many of the recipients are active already, as far as the viewer may know."""


@dataclass(frozen=True)
class Preview:
    """What would be reserved. Amounts in micro-units. `contacts_left` and `sends_left`: afterwards."""

    recipients: int
    sends: int
    new_contacts: int
    contacts_left: int
    sends_left: int
    price: int
    warnings: Sequence[SendWarning]


def state_of(account_id: AccountId, stream: SendStream, digests: Select[tuple[bytes]]) -> Select[Any]:
    """The columns of State, for an account within reach from which the viewer would send on the stream."""
    found, statement = readable_account()
    account = statement.where(found.c.id == account_id).subquery("account")
    subscriber, plan = accounts.alias(), plans.alias()
    subscribed = plan_reads.is_subscriber_of(subscriber, account)
    return select(
        effective_status(account).label("status"),
        approved_of(account).label("reviewed"),
        is_paused_for_viewer(account, stream).label("paused"),
        trial_sends_left_for_viewer(account, stream).label("trial_sends_left"),
        nearest_pool(account).label("payer_id"),
        plan_reads.contact_limit_of(subscriber).label("contact_limit"),
        plan_reads.send_limit_of(subscriber).label("send_limit"),
        plan.c.send_price,
        cycle_counts.contacts_used_of(subscriber).label("contacts_used"),
        cycle_counts.sends_used_of(subscriber).label("sends_used"),
        *allowance_columns(account, subscriber),
        credit_of(account, subscriber).label("credit"),
        _active(account, subscriber, digests).label("active"),
    ).select_from(
        account.join(subscriber, subscribed).join(plan, plan.c.id == plan_reads.plan_id_of(subscriber))
    )


def preview(state: State, recipients: int, review: ReviewPolicy, sends_each: int) -> Preview:
    """What so many recipients would cost. `sends_each`: that each counts as."""
    new, sends = recipients - state.active, recipients * sends_each
    costs = costs_of_sends(CycleSends(state.send_limit, state.sends_used, state.send_price), state, sends)
    return Preview(
        recipients,
        sends,
        new,
        state.contact_limit - state.contacts_used - new,
        costs.sends_left,
        costs.price,
        list(_warnings(state, sends, new, costs, review)),
    )


def _warnings(
    state: State, sends: int, new: int, costs: SendCosts, review: ReviewPolicy
) -> Iterator[SendWarning]:
    if state.status != AccountStatus.ACTIVE.value:
        yield SendWarning.ACCOUNT_NOT_ACTIVE
    if review is ReviewPolicy.REQUIRED and not state.reviewed:
        yield SendWarning.REVIEW_REQUIRED
    yield from _of_source(state, sends)
    if not sends:
        yield SendWarning.NO_RECIPIENTS
    if new and state.contacts_used + new > state.contact_limit:
        yield SendWarning.CONTACT_LIMIT
    if not costs.within_sends:
        yield SendWarning.SEND_LIMIT
    elif costs.beyond:
        yield SendWarning.BEYOND_PLAN
    if not costs.within_cap:
        yield SendWarning.SEND_CAP
    if not costs.within_credit_cap:
        yield SendWarning.CREDIT_CAP
    if not affordable(costs, state.credit, state):
        yield SendWarning.INSUFFICIENT_CREDIT


def _of_source(state: State, sends: int) -> Iterator[SendWarning]:
    if state.paused:
        yield SendWarning.SENDING_PAUSED
    elif state.trial_sends_left is not None and sends > state.trial_sends_left:
        yield SendWarning.TRIAL_LIMIT


def _active(account: FromClause, subscriber: FromClause, digests: Select[tuple[bytes]]) -> ColumnElement[int]:
    listed, cycle = digests.subquery("listed"), send_cycles.alias()
    current = (
        select(cycle.c.master_id, cycle.c.id, cycle_counts.has_lapsed(cycle).label("has_lapsed"))
        .where(
            in_tree(cycle, subscriber, account_id="id"),
            cycle.c.starts_at == plan_reads.cycle_starts_at_of(subscriber),
        )
        .correlate(subscriber)
        .limit(1)
        .lateral("current")
    )
    contact = active_contact_of(listed, current.c.master_id, current.c.id)
    counted = select(func.count()).select_from(current.join(listed, true()).join(contact, true()))
    active = counted.where(or_(~current.c.has_lapsed, cycle_counts.holds(contact, current.c.id)))
    own = counted.where(is_own(contact, account))
    return case(
        (sees_pool(subscriber), active.correlate(subscriber).scalar_subquery()),
        else_=own.correlate(account, subscriber).scalar_subquery(),
    )
