"""The gate of all sends: every check and every count, for whatever is sent (R92, R99, R104, T18, T29).

Reservations and messages both go through it. The caller has authorized the account and knows its audience.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, select

from authz.callers.actors import Actor
from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import NAMED, columns_of, this_account
from models.base.clock import current_moment
from models.base.ids import AccountId, ApiKeyId, SendCycleId, SendReservationId
from models.credit.pools import nearest_pool
from models.sending.tables import SendStream, send_reservations
from resolvers.budgets.lock import lock_allowance
from resolvers.budgets.send_check import CycleSends, SendCosts, costs_of_sends
from resolvers.effects.log import Change
from resolvers.plans.effective_plan import effective_plan_of
from resolvers.reputation.gate import check_source
from resolvers.reputation.sources import SendingSource
from resolvers.review.gate import check_reviewed
from resolvers.review.policy import ReviewPolicy
from resolvers.sending.activate import activate_contacts
from resolvers.sending.audience import Audience
from resolvers.sending.cycle import CycleUse, count_use, open_cycle
from resolvers.sending.labels import use_label
from resolvers.sending.left_out_store import StoredLeftOut
from resolvers.sending.reserved_credit import reserve_credit

VALID_FOR = datetime.timedelta(minutes=15)
"""How long a reservation can be committed."""


@dataclass(frozen=True)
class Passage:
    """Sends that are to pass. `sends`: how many, at least one for each recipient of the audience. `left_out`:
    what is stored of those that the audience is without. `field`: the input's field that gives the
    recipients. `api_key_id`: the key that sends; None: a campaign, or a person. `is_test`: the caller undoes
    all of it."""

    reservation_id: SendReservationId
    stream: SendStream
    api_key_id: ApiKeyId | None
    label: str | None
    audience: Audience
    sends: int
    left_out: StoredLeftOut
    field: str
    is_test: bool = False


@dataclass(frozen=True)
class Reserved:
    """Sends that have passed, and are counted and stored as a reservation."""

    passage: Passage
    cycle_id: SendCycleId
    label: str | None
    """As the account wrote it first."""
    use: CycleUse
    moment: datetime.datetime

    def logged(self) -> Change:
        """As the log shows it."""
        after: Change = {"stream": self.passage.stream.value, "recipients": self.use.sends}
        after |= {"newContacts": self.use.own_contacts, "price": str(self.use.price)}
        after |= self.passage.left_out.logged()
        if self.label is not None:
            after["label"] = self.label
        return after


async def pass_gate(
    session: WriteSession,
    actor: Actor,
    account: Authorized,
    review: ReviewPolicy,
    passage: Passage,
) -> Reserved:
    """Check and count the sends, all of them or none, and store them as a reservation.

    Raises REVIEW_REQUIRED, SENDING_PAUSED, TRIAL_LIMIT_REACHED, BAD_USER_INPUT for no recipients,
    LABEL_LIMIT_REACHED, CONTACT_LIMIT_REACHED, SEND_LIMIT_REACHED, SEND_CAP_REACHED, CREDIT_CAP_REACHED,
    INSUFFICIENT_CREDIT.
    """
    if not passage.is_test:
        check_real(actor)
    await check_reviewed(session, account, review)
    audience, field = passage.audience, passage.field
    if not audience.recipients:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "No recipient is left.", field)
    source = SendingSource(passage.stream, passage.api_key_id)
    await check_source(session, account, source, passage.sends)
    effective = await effective_plan_of(session, account)
    cycle, refunds = await open_cycle(session, effective)
    label = passage.label
    if label is not None:
        label = await use_label(session, account, cycle, label)
    allowance = await lock_allowance(session, account, effective.subscriber_id)
    contacts = await activate_contacts(session, account, effective, cycle, passage.reservation_id, audience)
    if contacts.active and cycle.contacts + contacts.active > effective.contact_limit:
        raise Refusal(RefusalCode.CONTACT_LIMIT_REACHED, field=field)
    cycle_sends = CycleSends(effective.send_limit, cycle.sends, effective.plan.send_price)
    costs = costs_of_sends(cycle_sends, allowance, passage.sends)
    _check(costs, field)
    payer_id, moment = await _payer(session, account)
    use = CycleUse(
        account_id=account.account_id,
        contacts=contacts.active,
        own_contacts=contacts.own,
        sends=passage.sends,
        payer_id=payer_id,
        price=costs.price,
    )
    await count_use(session, effective, cycle, use)
    reserved = Reserved(passage, cycle.id, label, use, moment)
    await _store(session, account, source, reserved, costs.beyond)
    await reserve_credit(session, actor, account, use.payer_id, costs, refunds, field)
    return reserved


def check_real(actor: Actor) -> None:
    """Raise FAILED_PRECONDITION for a key for tests."""
    if isinstance(actor, Principal) and actor.credentials.is_test:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "A key for tests sends with `messageSend` alone.")


async def _store(
    session: WriteSession, account: Authorized, source: SendingSource, reserved: Reserved, beyond: int
) -> None:
    """`beyond`: the sends that the plan does not cover."""
    use, passage = reserved.use, reserved.passage
    values = {
        "id": passage.reservation_id,
        "cycle_id": reserved.cycle_id,
        "stream": source.stream.value,
        "api_key_id": source.api_key_id,
        "label": reserved.label,
        "recipients": use.sends,
        "new_contacts": use.contacts,
        "own_contacts": use.own_contacts,
        "price": use.price,
        "beyond": beyond,
        "payer_id": use.payer_id,
    }
    await _STORE.send(session, values | passage.left_out.columns() | columns_of(account))


def _storing() -> FixedStatement:
    stored = send_reservations.c
    values: dict[str, ColumnElement[Any]] = {
        name: bindparam(name, type_=stored[name].type)
        for name in (
            *("master_id", "account_id", "id", "cycle_id", "stream", "api_key_id", "label", "recipients"),
            *("new_contacts", "own_contacts", "price", "beyond", "payer_id"),
            *("blocked", "unsubscribed", "bounced", "left_out", "left_out_by"),
        )
    }
    values["expires_at"] = current_moment() + VALID_FOR
    return FixedStatement(insert(send_reservations).from_select(list(values), select(*values.values())))


_STORE = _storing()


def _check(costs: SendCosts, field: str) -> None:
    for within, code in (
        (costs.within_sends, RefusalCode.SEND_LIMIT_REACHED),
        (costs.within_cap, RefusalCode.SEND_CAP_REACHED),
        (costs.within_credit_cap, RefusalCode.CREDIT_CAP_REACHED),
    ):
        if not within:
            raise Refusal(code, field=field)


async def _payer(session: WriteSession, account: Authorized) -> tuple[AccountId, datetime.datetime]:
    """Who pays, and now."""
    ((payer_id, moment),) = await _PAYER.rows(session, columns_of(account))
    return AccountId(payer_id), moment


_PAYER = FixedStatement(select(nearest_pool(accounts), current_moment()).where(this_account(accounts, NAMED)))
