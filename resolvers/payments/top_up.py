"""Buying credit (R44): a pending top-up is written, the provider is asked, its answer is written.

The provider is asked outside of any transaction, so that nothing is locked while it thinks. Should the
process die in between, or the answer get lost, the top-up stays pending; the same request again, or a worker
(`top_up_work`), asks the provider again, under the same key, which takes nothing twice.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.guards.turns import write_in_turn
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.freshness import Revision
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import Currency, accounts
from models.base.clock import current_moment
from models.base.ids import AccountId, PaymentMethodId, TopUpId, new_id
from models.credit.pools import has_own_balance
from models.effects.jobs import Job, JobKind
from models.payments.tables import LEFT_TO_ITS_REQUEST, TopUpStatus, payment_methods, top_ups
from resolvers.credit.reads import balance_of, currency_of
from resolvers.effects.idempotency import IdempotentRequest, claim
from resolvers.effects.jobs import enqueue
from resolvers.inputs.amounts import movable
from resolvers.payments.methods import check_payment_method
from resolvers.payments.provider import Charge, PaymentProvider, ask
from resolvers.payments.settle import settle

_MOST_CREDIT = 4 * 10**18
"""No account is topped up beyond: what is paid for must fit into the balance, with all that is on its way."""


@dataclass(frozen=True)
class CreditTopUp:
    """`amount` in micro-units of the tree's currency."""

    account_id: AccountId
    payment_method_id: PaymentMethodId
    amount: int
    idempotency_key: str


@dataclass(frozen=True)
class CreditToppedUp:
    """`replayed`: it was begun by an earlier request under the same key. `revision`: of the last change."""

    top_up_id: TopUpId
    replayed: bool
    revision: Revision


@dataclass(frozen=True)
class _Started:
    account: Authorized
    top_up: Row[*tuple[Any, ...]]
    charge: Charge
    replayed: bool


async def top_up_credit(
    sessions: WriteSessions,
    provider: PaymentProvider,
    principal: Principal,
    command: CreditTopUp,
) -> CreditToppedUp:
    """Buy credit for an account, in transactions of its own.

    Needs CREDIT_WRITE. Raises PAYMENT_DECLINED, PAYMENTS_UNAVAILABLE while it is pending, NOT_FOUND for a
    payment method of another account, FAILED_PRECONDITION where the account draws from a pool,
    BAD_USER_INPUT, IDEMPOTENCY_MISMATCH.
    """
    credentials = principal.credentials
    revision, started = await write_in_turn(
        sessions, credentials, lambda session: _start(session, principal, command)
    )
    status, reason = TopUpStatus(started.top_up.status), started.top_up.decline_reason
    if status is TopUpStatus.PENDING:
        answer = await ask(provider, started.charge)
        revision, _ = await write_in_turn(
            sessions,
            credentials,
            lambda session: settle(session, principal, started.account, started.charge.key, answer),
        )
        reason = answer.declined
    if reason is not None:
        message = f"The payment provider declined: {reason}"
        raise Refusal(RefusalCode.PAYMENT_DECLINED, message, "paymentMethodId")
    return CreditToppedUp(started.charge.key, started.replayed, revision)


async def _start(session: WriteSession, principal: Principal, command: CreditTopUp) -> _Started:
    amount = movable(command.amount)
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_WRITE)
    content = (str(command.payment_method_id), amount)
    request = IdempotentRequest("creditTopUp", command.idempotency_key, content)
    new = str(new_id())
    outcome = await claim(session, principal, account, request, {"topUp": new})
    top_up_id, replayed = TopUpId(uuid.UUID(outcome["topUp"])), outcome["topUp"] != new
    if not replayed:
        await _check_account(session, account, amount)
        await check_payment_method(session, account, command.payment_method_id)
        await session.execute(
            insert(top_ups).values(
                master_id=account.master_id,
                account_id=account.account_id,
                id=top_up_id,
                payment_method_id=command.payment_method_id,
                amount=amount,
                actor_user_id=principal.user_id,
                actor_api_key_id=principal.api_key_id,
                actor_account_id=account.acting_from,
            )
        )
        job = Job(JobKind.TOP_UP, account.master_id, account.account_id)
        await enqueue(session, job, current_moment() + LEFT_TO_ITS_REQUEST)
    with_method = and_(
        payment_methods.c.master_id == top_ups.c.master_id,
        payment_methods.c.id == top_ups.c.payment_method_id,
    )
    of_account = and_(accounts.c.master_id == top_ups.c.master_id, accounts.c.id == top_ups.c.account_id)
    statement = (
        select(*top_ups.c, payment_methods.c.reference, currency_of(accounts).label("currency"))
        .select_from(top_ups.join(payment_methods, with_method).join(accounts, of_account))
        .where(top_ups.c.master_id == account.master_id, top_ups.c.id == top_up_id)
    )
    row = (await session.execute(statement)).one()
    return _Started(account, row, Charge(top_up_id, row.reference, amount, Currency(row.currency)), replayed)


async def _check_account(session: WriteSession, account: Authorized, amount: int) -> None:
    statement = select(has_own_balance(accounts), balance_of(accounts)).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )
    own, balance = (await session.execute(statement)).one()
    if not own:
        message = "The account draws from a pool; let it have a balance of its own first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    if balance + amount > _MOST_CREDIT:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The balance would be too large.", "amount")
