"""Handing credit down the tree and back (R43)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.pair import authorize_pair
from authz.policy.permissions import Permission
from authz.policy.refusals import InsufficientCredit, Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.base.ids import AccountId, Kind, LedgerTransactionId, new_id, present
from models.credit.pools import has_own_balance
from models.credit.tables import BalanceKind, LedgerTransactionKind
from resolvers.credit.post import Posting, Transaction, post
from resolvers.effects.idempotency import IdempotentRequest, claim
from resolvers.effects.log import Change, EventKind, record_in_each
from resolvers.inputs.amounts import movable
from resolvers.inputs.text import short_text


@dataclass(frozen=True)
class CreditTransfer:
    """`amount` in micro-units of the tree's currency."""

    from_account_id: AccountId
    to_account_id: AccountId
    amount: int
    memo: str | None
    idempotency_key: str


@dataclass(frozen=True)
class CreditTransferred:
    """`replayed`: it was done by an earlier request under the same key."""

    transaction_id: LedgerTransactionId
    replayed: bool


async def transfer_credit(
    session: WriteSession, principal: Principal, command: CreditTransfer
) -> CreditTransferred:
    """Move credit from an account to one above or below it.

    Needs CREDIT_TRANSFER in both. Raises INSUFFICIENT_CREDIT, FAILED_PRECONDITION where one of them draws
    from a pool, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH. Transfers between other accounts go on beside it.
    """
    amount = movable(command.amount)
    memo = None if command.memo is None else short_text(command.memo, "memo")
    source, target = await authorize_pair(
        session,
        principal,
        command.from_account_id,
        command.to_account_id,
        Permission.CREDIT_TRANSFER,
        "toAccountId",
    )
    request = IdempotentRequest(
        "creditTransfer", command.idempotency_key, (str(target.account_id), amount, memo)
    )
    new = str(new_id())
    outcome = await claim(session, principal, source, request, {"transaction": new})
    transaction_id = LedgerTransactionId(uuid.UUID(outcome["transaction"]))
    if outcome["transaction"] != new:
        return CreditTransferred(transaction_id, replayed=True)
    await _check_own_balances(session, source, target)
    postings = (
        Posting(source.account_id, BalanceKind.CREDIT, -amount),
        Posting(target.account_id, BalanceKind.CREDIT, amount),
    )
    kind = LedgerTransactionKind.TRANSFER
    await post_or_refuse(
        session, principal, source, Transaction(source.master_id, transaction_id, kind, postings, memo)
    )
    await _log(session, principal, (source, target), transaction_id, amount)
    return CreditTransferred(transaction_id, replayed=False)


async def post_or_refuse(
    session: WriteSession, principal: Principal, payer: Authorized, transaction: Transaction
) -> None:
    """Write a transaction that takes from one account. Raises InsufficientCredit, with what is there for
    those who may see it."""
    short = await post(session, principal, transaction)
    if short:
        visible = payer.mask & Permission.CREDIT_READ.bit
        raise InsufficientCredit(short[0].available if visible else None, "amount")


async def _check_own_balances(session: WriteSession, source: Authorized, target: Authorized) -> None:
    """Both keep a balance of their own. Their rows are locked, so that this stays true."""
    both = {"master_id": source.master_id, "account_ids": [source.account_id, target.account_id]}
    own = {row.id: row.own for row in await _OWN_BALANCES.rows(session, both)}
    for account, field in ((source, "fromAccountId"), (target, "toAccountId")):
        if not own[account.account_id]:
            message = "The account draws from a pool; let it have a balance of its own first."
            raise Refusal(RefusalCode.FAILED_PRECONDITION, message, field)


async def _log(
    session: WriteSession,
    principal: Principal,
    both: tuple[Authorized, Authorized],
    transaction_id: LedgerTransactionId,
    amount: int,
) -> None:
    """In both accounts: what was taken and given is seen on either side."""
    source, target = both
    after: Change = {
        "from": present(Kind.ACCOUNT, source.account_id),
        "to": present(Kind.ACCOUNT, target.account_id),
        "amount": str(amount),
    }
    subject_id = present(Kind.LEDGER_TRANSACTION, transaction_id)
    await record_in_each(session, principal, both, EventKind.CREDIT_TRANSFERRED, subject_id, None, after)


_OWN_BALANCES = FixedStatement(
    select(accounts.c.id, has_own_balance(accounts).label("own")).where(
        accounts.c.master_id == bindparam("master_id", type_=Uuid()),
        accounts.c.id == any_(bindparam("account_ids", type_=ARRAY(Uuid()))),
    )
)
