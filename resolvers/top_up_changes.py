"""Buying credit (R44): a pending top-up is written, the provider is asked, its answer is written.

The provider is asked outside of any transaction, so that nothing is locked while it thinks. Should the
process die in between, or the answer get lost, the top-up stays pending; the same request again finds it and
asks the provider again, under the same key, which takes nothing twice.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from authz.guard import Authorized, authorize
from authz.pair_guard import lock_shared_path
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, Refusal, RefusalCode
from authz.row_security import enter
from models.accounts import Currency, accounts
from models.identifiers import AccountId, Kind, LedgerTransactionId, PaymentMethodId, TopUpId, new_id, present
from models.ledger import BalanceKind, LedgerTransactionKind
from models.payments import TopUpStatus, payment_methods, top_ups
from resolvers.amounts import movable
from resolvers.credit import balance_of, currency_of, has_own_balance
from resolvers.events import EventKind, record
from resolvers.idempotency import IdempotentRequest, claim
from resolvers.ledger_posting import Posting, Transaction, post
from resolvers.payments import Charge, ChargeAnswer, PaymentProvider, ask

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
    """`replayed`: it was begun by an earlier request under the same key."""

    top_up_id: TopUpId
    replayed: bool


@dataclass(frozen=True)
class _Started:
    account: Authorized
    top_up: Row[*tuple[Any, ...]]
    charge: Charge
    replayed: bool


async def top_up_credit(
    sessions: async_sessionmaker[AsyncSession],
    provider: PaymentProvider,
    principal: Principal,
    command: CreditTopUp,
) -> CreditToppedUp:
    """Buy credit for an account, in transactions of its own.

    Needs CREDIT_WRITE. Raises PAYMENT_DECLINED, PAYMENTS_UNAVAILABLE while it is pending, NOT_FOUND for a
    payment method of another account, FAILED_PRECONDITION where the account draws from a pool,
    BAD_USER_INPUT, IDEMPOTENCY_MISMATCH.
    """
    async with sessions.begin() as session:
        await enter(session, principal.credentials)
        started = await _start(session, principal, command)
    status, reason = TopUpStatus(started.top_up.status), started.top_up.decline_reason
    if status is TopUpStatus.PENDING:
        answer = await ask(provider, started.charge)
        async with sessions.begin() as session:
            await enter(session, principal.credentials)
            await _finish(session, principal, started, answer)
        reason = answer.declined
    if reason is not None:
        message = f"The payment provider declined: {reason}"
        raise Refusal(RefusalCode.PAYMENT_DECLINED, message, "paymentMethodId")
    return CreditToppedUp(started.charge.key, started.replayed)


async def _start(session: AsyncSession, principal: Principal, command: CreditTopUp) -> _Started:
    amount = movable(command.amount)
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_WRITE)
    content = (str(command.payment_method_id), amount)
    request = IdempotentRequest("creditTopUp", command.idempotency_key, content)
    new = str(new_id())
    outcome = await claim(session, principal, account, request, {"topUp": new})
    top_up_id, replayed = TopUpId(uuid.UUID(outcome["topUp"])), outcome["topUp"] != new
    if not replayed:
        await _check_account(session, account, amount)
        await _check_payment_method(session, account, command.payment_method_id)
        await session.execute(
            insert(top_ups).values(
                master_id=account.master_id,
                account_id=account.account_id,
                id=top_up_id,
                payment_method_id=command.payment_method_id,
                amount=amount,
                actor_user_id=principal.user_id,
                actor_api_key_id=principal.api_key_id,
            )
        )
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


async def _check_account(session: AsyncSession, account: Authorized, amount: int) -> None:
    statement = select(has_own_balance(accounts), balance_of(accounts)).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )
    own, balance = (await session.execute(statement)).one()
    if not own:
        message = "The account draws from a pool; let it have a balance of its own first."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    if balance + amount > _MOST_CREDIT:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The balance would be too large.", "amount")


async def _check_payment_method(
    session: AsyncSession, account: Authorized, method_id: PaymentMethodId
) -> None:
    method = payment_methods.c
    statement = select(method.id).where(
        method.master_id == account.master_id,
        method.account_id == account.account_id,
        method.id == method_id,
        method.removed_at.is_(None),
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise NotFound("paymentMethodId")


async def _finish(
    session: AsyncSession, principal: Principal, started: _Started, answer: ChargeAnswer
) -> None:
    """Write the provider's answer, once. No right is asked for any more: it is paid."""
    account, top_up = started.account, started.top_up
    await lock_shared_path(session, account.master_id, account.account_id)
    this = and_(top_ups.c.master_id == account.master_id, top_ups.c.id == top_up.id)
    locked = select(top_ups.c.status).where(this).with_for_update()
    status = (await session.execute(locked)).scalar_one_or_none()
    if status is None:
        raise NotFound("accountId")  # who asked left the tree meanwhile; the top-up stays pending
    if TopUpStatus(status) is not TopUpStatus.PENDING:
        return
    values: dict[str, object] = {"status": TopUpStatus.DECLINED.value, "decline_reason": answer.declined}
    event = EventKind.CREDIT_TOP_UP_DECLINED
    if answer.declined is None:
        values = {"status": TopUpStatus.SETTLED.value}
        values["transaction_id"] = await _credit(session, principal, account, top_up.amount)
        event = EventKind.CREDIT_TOPPED_UP
    await session.execute(update(top_ups).where(this).values(**values, answered_at=func.now()))
    subject_id = present(Kind.TOP_UP, top_up.id)
    await record(session, principal, account, event, subject_id, None, {"amount": str(top_up.amount)})


async def _credit(
    session: AsyncSession, principal: Principal, account: Authorized, amount: int
) -> LedgerTransactionId:
    postings = (
        Posting(account.account_id, BalanceKind.OUTSIDE, -amount),
        Posting(account.account_id, BalanceKind.CREDIT, amount),
    )
    transaction_id = LedgerTransactionId(new_id())
    kind = LedgerTransactionKind.TOP_UP
    await post(session, principal, Transaction(account.master_id, transaction_id, kind, postings))
    return transaction_id
