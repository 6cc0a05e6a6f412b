"""Whether a subaccount spends its own credit or that of an account above it (R19, R28, R43, T18)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, select, update

from authz.guard import Authorized, authorize
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.accounts import CreditMode, accounts
from models.identifiers import AccountId, Kind, LedgerTransactionId, new_id, present
from models.ledger import BalanceKind, LedgerTransactionKind, ledger_balances
from models.payments import TopUpStatus, top_ups
from resolvers.account_versions import check_version
from resolvers.budget_changes import end_credit_budget
from resolvers.events import Change, EventKind, record
from resolvers.ledger_posting import Posting, Transaction, post
from resolvers.payers import Payer, authorize_payers
from resolvers.top_up_rules import end_top_up_rule


@dataclass(frozen=True)
class CreditModeUpdate:
    """Whose credit a subaccount spends from now on. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    mode: CreditMode


async def change_credit_mode(
    session: WriteSession, principal: Principal, command: CreditModeUpdate
) -> Authorized:
    """Let a subaccount spend its own credit, or draw from the nearest account above that has some.

    Needs CREDIT_TRANSFER in the account and in the one whose pool it is, or would be: it decides about that
    one's money. What is left in the account moves to the pool; a new balance begins empty, and the budget of
    the pool's credit ends. Raises POOL_ACCOUNT_REQUIRED, VersionConflict, and FAILED_PRECONDITION for a
    master account and while credit is reserved or a top-up is under way.
    """
    mode = command.mode
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_TRANSFER)
    if account.account_id == account.master_id:
        message = "A master account always spends its own credit."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    (pool,) = await authorize_payers(
        session, principal, account, Permission.CREDIT_TRANSFER, [Payer.POOL_ABOVE]
    )
    await check_version(session, account, command.expected_version)
    current = select(accounts.c.credit_mode).where(_is(account))
    before = CreditMode((await session.execute(current)).scalar_one())
    if before is mode:
        return account
    after: Change = {"mode": mode.value}
    await session.execute(
        update(accounts).where(_is(account)).values(credit_mode=mode.value, version=accounts.c.version + 1)
    )
    if mode is CreditMode.SHARED_POOL:
        # Now that it is no pool any more, it keeps nothing for others.
        after["settled"] = str(await _settle(session, principal, account, pool))
        await end_top_up_rule(session, principal, account)
    else:
        await end_credit_budget(session, principal, account)
    subject_id = present(Kind.ACCOUNT, account.account_id)
    kind = EventKind.CREDIT_MODE_CHANGED
    await record(session, principal, account, kind, subject_id, {"mode": before.value}, after)
    return account


async def _settle(session: WriteSession, principal: Principal, account: Authorized, pool: Authorized) -> int:
    """Move what is left to the pool. How much it was, in micro-units."""
    balance = ledger_balances.c
    statement = select(balance.kind, balance.amount).where(
        balance.master_id == account.master_id, balance.account_id == account.account_id
    )
    amounts = {BalanceKind(row.kind): row.amount for row in await session.execute(statement)}
    if amounts.get(BalanceKind.RESERVED):
        message = "Credit is reserved for sends that are under way."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "mode")
    pending = exists().where(
        top_ups.c.master_id == account.master_id,
        top_ups.c.account_id == account.account_id,
        top_ups.c.status == TopUpStatus.PENDING.value,
    )
    if (await session.execute(select(pending))).scalar_one():
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "A top-up is under way.", "mode")
    left: int = amounts.get(BalanceKind.CREDIT, 0)
    if left:
        postings = (
            Posting(account.account_id, BalanceKind.CREDIT, -left),
            Posting(pool.account_id, BalanceKind.CREDIT, left),
        )
        transaction_id, kind = LedgerTransactionId(new_id()), LedgerTransactionKind.SETTLEMENT
        settlement = Transaction(account.master_id, transaction_id, kind, postings)
        if await post(session, principal, settlement):
            raise AssertionError("the account is locked, and what it has is not kept for anybody")
    return left


def _is(account: Authorized) -> ColumnElement[bool]:
    return and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
