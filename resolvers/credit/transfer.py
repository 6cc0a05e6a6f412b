"""Transferring credit down the tree and back (R43)."""

import uuid
from dataclasses import dataclass

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.pair import authorize_pair
from authz.policy.permissions import Permission
from authz.policy.refusals import InsufficientCredit, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, LedgerTransactionId, new_id, present
from models.credit.tables import BalanceKind, LedgerTransactionKind
from resolvers.credit.post import Posting, Transaction, try_post_transaction
from resolvers.effects.event_types import EventType
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.effects.log import Change, record_in_each
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
    """`replayed`: an earlier request under the same key made it."""

    transaction_id: LedgerTransactionId
    replayed: bool


async def transfer_credit(
    session: WriteSession, principal: Principal, command: CreditTransfer
) -> CreditTransferred:
    """Move credit between an account and one above it, in either direction.

    Needs CREDIT_TRANSFER in both. Raises INSUFFICIENT_CREDIT, FAILED_PRECONDITION where one of them draws
    from a pool, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH. Transfers between other accounts run in parallel.
    """
    amount = movable(command.amount)
    memo = None if command.memo is None else short_text(command.memo, "memo")
    source, target = await authorize_pair(
        session,
        principal,
        command.from_account_id,
        command.to_account_id,
        Permission.CREDIT_TRANSFER,
        WriteKind.REPEATABLE,
        "toAccountId",
    )
    request = IdempotentRequest(
        "creditTransfer", command.idempotency_key, (str(target.account_id), amount, memo)
    )
    transaction_id = LedgerTransactionId(new_id())
    outcome = {"transaction": str(transaction_id)}
    earlier = await claim_key(session, principal, source, request, outcome)
    if earlier is not None:
        earlier_id = LedgerTransactionId(uuid.UUID(earlier["transaction"]))
        return CreditTransferred(earlier_id, replayed=True)
    target.check_changeable()
    _check_own_balances(source, target)
    postings = (
        Posting(source.account_id, BalanceKind.CREDIT, -amount),
        Posting(target.account_id, BalanceKind.CREDIT, amount),
    )
    kind = LedgerTransactionKind.TRANSFER
    transaction = Transaction(source.master_id, transaction_id, kind, postings, memo)
    short = await try_post_transaction(session, principal, transaction)
    if short is not None:
        visible = source.held & Permission.CREDIT_READ.bit
        raise InsufficientCredit(short.available if visible else None, "amount")
    await _log(session, principal, (source, target), transaction_id, amount)
    return CreditTransferred(transaction_id, replayed=False)


def _check_own_balances(source: Authorized, target: Authorized) -> None:
    """Both accounts have an own balance. Their rows are locked, so that this stays."""
    for account, field in ((source, "fromAccountId"), (target, "toAccountId")):
        if not account.stored.has_own_balance:
            message = "The account draws from a pool: change its credit mode to OWN_BALANCE first."
            raise Refusal(RefusalCode.FAILED_PRECONDITION, message, field)


async def _log(
    session: WriteSession,
    principal: Principal,
    both: tuple[Authorized, Authorized],
    transaction_id: LedgerTransactionId,
    amount: int,
) -> None:
    """In both accounts."""
    source, target = both
    after: Change = {
        "from": present(Kind.ACCOUNT, source.account_id),
        "to": present(Kind.ACCOUNT, target.account_id),
        "amount": str(amount),
    }
    subject_id = present(Kind.LEDGER_TRANSACTION, transaction_id)
    await record_in_each(session, principal, both, EventType.CREDIT_TRANSFERRED, subject_id, None, after)
