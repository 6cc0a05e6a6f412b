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


@dataclass(frozen=True)
class Posting:
    """A change of one balance, in micro-units; below zero it is taken away."""

    account_id: AccountId
    balance: BalanceKind
    amount: int


@dataclass(frozen=True)
class Transaction:
    """What moves at once. The postings' amounts sum to zero, and each changes another balance."""

    master_id: MasterId
    id: LedgerTransactionId
    kind: LedgerTransactionKind
    postings: Sequence[Posting]
    memo: str | None = None
    guarded: Sequence[AccountId] | None = None
    """The accounts of whose credit only what is not kept for others may be taken; None: all of them."""


@dataclass(frozen=True)
class Shortage:
    """A balance that holds less than would be taken from it."""

    account_id: AccountId
    balance: BalanceKind
    available: int


async def post(session: WriteSession, actor: Actor, transaction: Transaction) -> Sequence[Shortage]:
    """Write a transaction; all of it, or nothing where something falls short.

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
    return [Shortage(AccountId(row[0]), BalanceKind(row[1]), row[2]) for row in short]


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
