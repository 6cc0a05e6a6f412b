"""A worker begins the top-ups that rules make due, and settles all top-ups that wait (N10, T19).

The provider is asked between two transactions, under the top-up's own key. If a worker dies in between, the
top-up stays pending and the next worker asks again. Several workers at once, or a worker that dies, never
charge twice.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DateTime, Row, Select, and_, exists, func, insert, select, update

from authz.callers.actors import EarlierActor
from authz.guards.exclusive import Authorized, without_rights
from authz.guards.locks import lock_shared_path
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.status import effective_status
from authz.wall import worker_door as worker_functions
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import AccountStatus, Currency, accounts
from models.accounts.trees import columns_of, in_account, in_tree, row_of, this_account
from models.base.ids import AccountKey, MasterId, TopUpId, new_id
from models.credit.pools import has_own_balance
from models.payments.tables import LEFT_TO_ITS_REQUEST, TopUpStatus, payment_methods, top_ups
from models.payments.top_up_rules import top_up_rules
from resolvers.credit.reads import balance_of, currency_of
from resolvers.payments.provider import Charge, PaymentProvider, ask_provider
from resolvers.payments.settle import settle_top_up

_HOUR = datetime.timedelta(hours=1)
_TODAY = func.date_trunc("day", func.now(), "UTC", type_=DateTime(timezone=True))
# Whatever zone the session is in, in which a day may have 23 or 25 hours.
_TOMORROW = func.date_trunc(
    "day", _TODAY + datetime.timedelta(hours=36), "UTC", type_=DateTime(timezone=True)
)


@dataclass(frozen=True)
class WaitingTopUp:
    """A top-up without an answer of the provider."""

    master_id: MasterId
    id: TopUpId


async def work_on_top_ups(sessions: WriteSessions, provider: PaymentProvider, due: AccountKey) -> None:
    """Begin the top-up that the account's rule makes due, and settle all that wait. Without an answer of the
    provider a top-up waits on."""
    async with sessions.begin() as session:
        await begin_top_up(session, due)
    async with sessions.begin() as session:
        waiting = await _waiting_top_ups(session, due)
    for one in waiting:
        await ask_and_settle(sessions, provider, one)


async def _waiting_top_ups(session: WriteSession, due: AccountKey) -> Sequence[WaitingTopUp]:
    """The oldest first."""
    if not await worker_functions.enter_as_worker(session, due.master_id):
        return []
    found = top_ups.c
    left_to_its_request = and_(~found.automatic, found.created_at >= func.now() - LEFT_TO_ITS_REQUEST)
    statement = select(found.id).where(
        in_account(top_ups, due), found.status == TopUpStatus.PENDING.value, ~left_to_its_request
    )
    ids = (await session.execute(statement.order_by(found.id))).scalars()
    return [WaitingTopUp(due.master_id, TopUpId(top_up_id)) for top_up_id in ids]


async def begin_top_up(session: WriteSession, due: AccountKey) -> None:
    """Write the top-up that a rule makes due; or, where none may begin now, when it is due again.

    None begins while another one of the account is open, beyond the daily maximum, or while the account or
    one above it is not active.
    """
    if not await worker_functions.enter_as_worker(session, due.master_id):
        return
    await lock_shared_path(session, due.master_id, due.account_id)
    this = in_account(top_up_rules, due)
    still_due = and_(this, top_up_rules.c.due_at <= func.now())
    rule = (await session.execute(select(top_up_rules).where(still_due).with_for_update())).one_or_none()
    if rule is None:
        return
    facts = (await session.execute(_facts(due))).one()
    if facts.open:
        return
    if not facts.own or facts.balance >= rule.threshold:
        await session.send_built(update(top_up_rules).where(this).values(due_at=None))
    elif AccountStatus(facts.status) is not AccountStatus.ACTIVE:
        await session.send_built(update(top_up_rules).where(this).values(due_at=func.now() + _HOUR))
    elif facts.bought_today + rule.amount > rule.daily_maximum:
        await session.send_built(update(top_up_rules).where(this).values(due_at=_TOMORROW))
    else:
        await session.send_built(
            insert(top_ups).values(
                **columns_of(due),
                id=new_id(),
                payment_method_id=rule.payment_method_id,
                amount=rule.amount,
                automatic=True,
            )
        )


def _facts(due: AccountKey) -> Select[Any]:
    of_account = in_account(top_ups, due)
    automatic = and_(of_account, top_ups.c.automatic)
    bought = select(func.coalesce(func.sum(top_ups.c.amount), 0)).where(
        automatic, top_ups.c.created_at >= _TODAY, top_ups.c.status != TopUpStatus.DECLINED.value
    )
    return select(
        effective_status(accounts).label("status"),
        has_own_balance(accounts).label("own"),
        balance_of(accounts).label("balance"),
        bought.scalar_subquery().label("bought_today"),
        exists().where(automatic, top_ups.c.status == TopUpStatus.PENDING.value).label("open"),
    ).where(this_account(accounts, due))


async def ask_and_settle(sessions: WriteSessions, provider: PaymentProvider, waiting: WaitingTopUp) -> None:
    """Ask the provider about a top-up and write the answer. Without an answer it waits on."""
    async with sessions.begin() as session:
        if not await worker_functions.enter_as_worker(session, waiting.master_id):
            return
        row = (await session.execute(_pending(waiting))).one_or_none()
    if row is None:
        return
    try:
        answer = await ask_provider(
            provider, Charge(waiting.id, row.reference, row.amount, Currency(row.currency))
        )
    except Refusal as refusal:
        if refusal.code is not RefusalCode.PAYMENTS_UNAVAILABLE:
            raise
        return
    async with sessions.begin() as session:
        if await worker_functions.enter_as_worker(session, waiting.master_id):
            actor = EarlierActor(row.actor_user_id, row.actor_api_key_id)
            await settle_top_up(session, actor, _account_of(row), waiting.id, answer)


def _pending(waiting: WaitingTopUp) -> Select[Any]:
    with_method = in_tree(payment_methods, top_ups, id="payment_method_id")
    of_account = in_tree(accounts, top_ups, id="account_id")
    return (
        select(*top_ups.c, payment_methods.c.reference, currency_of(accounts).label("currency"))
        .select_from(top_ups.join(payment_methods, with_method).join(accounts, of_account))
        .where(row_of(top_ups, waiting, waiting.id), top_ups.c.status == TopUpStatus.PENDING.value)
    )


def _account_of(row: Row[*tuple[Any, ...]]) -> Authorized:
    return without_rights(AccountKey(row.master_id, row.account_id), row.actor_account_id)
