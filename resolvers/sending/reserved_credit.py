"""Credit that reservations hold: reserved from their payers, and released to them."""

from collections.abc import Iterable, Sequence

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission
from authz.policy.refusals import InsufficientCredit
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, LedgerTransactionId, MasterId, new_id
from models.credit.tables import BalanceKind, LedgerTransactionKind
from resolvers.budgets.send_check import SendCosts
from resolvers.credit.post import Posting, Transaction, post_transaction, try_post_transaction
from resolvers.sending.release import Refund


async def reserve_credit(
    session: WriteSession,
    actor: Actor,
    account: Authorized,
    payer_id: AccountId,
    costs: SendCosts,
    refunds: Sequence[Refund],
    field: str,
) -> None:
    """Reserve the price from the payer's credit, and release what expired reservations held. Raises
    InsufficientCredit, which names the input's `field`. What no guarantee covers is taken only from credit
    that the payer keeps for nobody."""
    if any(refund.payer_id == payer_id for refund in refunds):
        # First what the payer gets back. That locks its balances, and those of all others with them.
        await release_credit(session, actor, account.master_id, refunds)
        refunds = ()
    postings = [*_moved(payer_id, -costs.price), *_released(refunds)]
    guarded = [payer_id] if costs.unguaranteed else []
    if not postings:
        return
    transaction = _transaction(account.master_id, postings, guarded)
    short = await try_post_transaction(session, actor, transaction)
    if short is not None:
        visible = payer_id == account.account_id and account.held & Permission.CREDIT_READ.bit
        raise InsufficientCredit(short.available if visible else None, field)


async def release_credit(
    session: WriteSession, actor: Actor, master_id: MasterId, refunds: Iterable[Refund]
) -> None:
    """Make reserved credit free again. One ledger transaction locks all balances in one order."""
    postings = _released(refunds)
    if postings:
        await post_transaction(session, actor, _transaction(master_id, postings))


async def spend_reserved(
    session: WriteSession, actor: Actor, master_id: MasterId, payer_id: AccountId, price: int
) -> None:
    """Take reserved credit out of the books, for good."""
    postings = (
        Posting(payer_id, BalanceKind.RESERVED, -price),
        Posting(payer_id, BalanceKind.OUTSIDE, price),
    )
    await post_transaction(session, actor, _transaction(master_id, postings))


def _transaction(
    master_id: MasterId, postings: Sequence[Posting], guarded: Sequence[AccountId] = ()
) -> Transaction:
    transaction_id, kind = LedgerTransactionId(new_id()), LedgerTransactionKind.SEND
    return Transaction(master_id, transaction_id, kind, postings, guarded=guarded)


def _released(refunds: Iterable[Refund]) -> list[Posting]:
    """One pair of postings a payer: a transaction changes each balance once."""
    totals: dict[AccountId, int] = {}
    for refund in refunds:
        totals[refund.payer_id] = totals.get(refund.payer_id, 0) + refund.amount
    return [posting for payer_id, total in totals.items() for posting in _moved(payer_id, total)]


def _moved(payer_id: AccountId, amount: int) -> list[Posting]:
    """From reserved to free credit; below zero the other way."""
    if not amount:
        return []
    return [
        Posting(payer_id, BalanceKind.CREDIT, amount),
        Posting(payer_id, BalanceKind.RESERVED, -amount),
    ]
