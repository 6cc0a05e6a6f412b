"""Buying credit (R44): a pending top-up is written, the provider is asked, and its answer is written.

The provider is asked outside any transaction, so that nothing stays locked meanwhile. If the process dies or
the answer is lost, the top-up stays pending. The same request again, or a worker
(`resolvers.payments.worker`), then asks under the same key, which charges nothing twice.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.guards.turns import write_in_turn
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.freshness import Revision
from engine.writes.sessions import WriteSession, WriteSessions
from models.accounts.tables import Currency, accounts
from models.accounts.trees import columns_of, in_tree, row_of, this_account
from models.base.clock import current_moment
from models.base.ids import AccountId, PaymentMethodId, TopUpId, new_id
from models.credit.job_kinds import TOP_UP
from models.credit.pools import has_own_balance
from models.effects.jobs import Job
from models.payments.tables import LEFT_TO_ITS_REQUEST, TopUpStatus, payment_methods, top_ups
from resolvers.credit.reads import balance_of, currency_of
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.effects.jobs import enqueue
from resolvers.inputs.amounts import movable
from resolvers.payments.change_methods import check_payment_method
from resolvers.payments.provider import Charge, PaymentProvider, ask_provider
from resolvers.payments.settle import settle_top_up

_MOST_CREDIT = 4 * 10**18
"""No top-up goes beyond this balance: what was paid for must fit into it, with all that is pending."""


@dataclass(frozen=True)
class CreditTopUp:
    """`amount` in micro-units of the tree's currency."""

    account_id: AccountId
    payment_method_id: PaymentMethodId
    amount: int
    idempotency_key: str


@dataclass(frozen=True)
class CreditToppedUp:
    """`replayed`: an earlier request under the same key began it. `revision`: of the last change."""

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
        answer = await ask_provider(provider, started.charge)
        revision, _ = await write_in_turn(
            sessions,
            credentials,
            lambda session: settle_top_up(session, principal, started.account, started.charge.key, answer),
        )
        reason = answer.declined
    if reason is not None:
        message = f"The payment provider declined: {reason}"
        raise Refusal(RefusalCode.PAYMENT_DECLINED, message, "paymentMethodId")
    return CreditToppedUp(started.charge.key, started.replayed, revision)


async def _start(session: WriteSession, principal: Principal, command: CreditTopUp) -> _Started:
    amount = movable(command.amount)
    account = await authorize(
        session, principal, command.account_id, Permission.CREDIT_WRITE, WriteKind.REPEATABLE
    )
    content = (str(command.payment_method_id), amount)
    request = IdempotentRequest("creditTopUp", command.idempotency_key, content)
    top_up_id = TopUpId(new_id())
    earlier = await claim_key(session, principal, account, request, {"topUp": str(top_up_id)})
    if earlier is not None:
        top_up_id = TopUpId(uuid.UUID(earlier["topUp"]))
    else:
        await _check_account(session, account, amount)
        await check_payment_method(session, account, command.payment_method_id)
        await session.send_built(
            insert(top_ups).values(
                **columns_of(account),
                id=top_up_id,
                payment_method_id=command.payment_method_id,
                amount=amount,
                actor_user_id=principal.user_id,
                actor_api_key_id=principal.api_key_id,
                actor_account_id=account.acting_from,
            )
        )
        job = Job(TOP_UP, account.master_id, account.account_id)
        await enqueue(session, job, current_moment() + LEFT_TO_ITS_REQUEST)
    with_method = in_tree(payment_methods, top_ups, id="payment_method_id")
    of_account = in_tree(accounts, top_ups, id="account_id")
    statement = (
        select(*top_ups.c, payment_methods.c.reference, currency_of(accounts).label("currency"))
        .select_from(top_ups.join(payment_methods, with_method).join(accounts, of_account))
        .where(row_of(top_ups, account, top_up_id))
    )
    row = (await session.execute(statement)).one()
    return _Started(
        account, row, Charge(top_up_id, row.reference, amount, Currency(row.currency)), earlier is not None
    )


async def _check_account(session: WriteSession, account: Authorized, amount: int) -> None:
    statement = select(has_own_balance(accounts), balance_of(accounts)).where(this_account(accounts, account))
    own, balance = (await session.execute(statement)).one()
    if not own:
        message = "The account draws from a pool: change its credit mode to OWN_BALANCE first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    if balance + amount > _MOST_CREDIT:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The balance would be too large.", "amount")
