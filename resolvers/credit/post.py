"""Writing to the ledger: a whole transaction in one statement (see `models/credit/ledger_post.sql`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from authz.callers.actors import Actor
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, LedgerTransactionId, MasterId
from models.credit.tables import BalanceKind, LedgerTransactionKind

_OUT_OF_RANGE = "22003"

MOST_POSTINGS = 2
"""Of one transaction: credit moves from one balance to another."""


@dataclass(frozen=True)
class Posting:
    """A change of one balance, in micro-units. A negative amount takes away."""

    account_id: AccountId
    balance: BalanceKind
    amount: int


@dataclass(frozen=True)
class Transaction:
    """What moves at once. The amounts sum to zero, and each posting changes another balance."""

    master_id: MasterId
    id: LedgerTransactionId
    kind: LedgerTransactionKind
    postings: Sequence[Posting]
    memo: str | None = None
    guarded: Sequence[AccountId] | None = None
    """Accounts whose credit is kept for others as far as guarantees say; None: all of them."""


class Shortage(Exception):
    """A balance holds less than a transaction would take from it. `available`: what it holds, in micro-units,
    without what is kept for others."""

    def __init__(self, account_id: AccountId, balance: BalanceKind, available: int) -> None:
        super().__init__(f"{balance.value} of {account_id} holds no more than {available}")
        self.available = available


async def post_transaction(session: WriteSession, actor: Actor, transaction: Transaction) -> None:
    """Write a transaction that the balances are known to cover. Raises Shortage where they do not, and
    BAD_USER_INPUT where a balance would outgrow 64 bits."""
    short = await try_post_transaction(session, actor, transaction)
    if short is not None:
        raise short


async def try_post_transaction(
    session: WriteSession, actor: Actor, transaction: Transaction
) -> Shortage | None:
    """Write a transaction, or nothing where a balance falls short; then return which.

    Raises BAD_USER_INPUT where a balance would outgrow 64 bits.
    """
    values = {
        "tree": transaction.master_id,
        "posted": transaction.id,
        "reason": transaction.kind.value,
        "actor_user": actor.user_id,
        "actor_key": actor.api_key_id,
        "note": transaction.memo,
        "books": [posting.account_id for posting in transaction.postings],
        "kinds": [posting.balance.value for posting in transaction.postings],
        "changes": [posting.amount for posting in transaction.postings],
        "guarded": transaction.guarded,
    }
    try:
        short = await _POST.rows(session, values)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _OUT_OF_RANGE:
            raise
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The balance would be too large.", "amount") from error
    return Shortage(AccountId(short[0][0]), BalanceKind(short[0][1]), short[0][2]) if short else None


_PARAMETERS: dict[str, TypeEngine[Any]] = {
    "tree": Uuid(),
    "posted": Uuid(),
    "reason": Text(),
    "actor_user": Uuid(),
    "actor_key": Uuid(),
    "note": Text(),
    "books": ARRAY(Uuid()),
    "kinds": ARRAY(Text()),
    "changes": ARRAY(BigInteger()),
    "guarded": ARRAY(Uuid()),
}
_POSTED = func.ledger_post(
    *(bindparam(name, type_=type_) for name, type_ in _PARAMETERS.items())
).table_valued("short_account", "short_kind", "short_amount")
_POST = FixedStatement(select(_POSTED.c.short_account, _POSTED.c.short_kind, _POSTED.c.short_amount))
