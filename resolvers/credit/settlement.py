"""Settling what an account holds, before it is closed or stops having an own balance.

The remaining credit goes to the pool above. A master account has no pool above: its credit is forfeited, up
to the amount that the caller states (see `resolvers.accounts.close`).
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize_also, without_rights
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.ids import AccountId, AccountKey, Kind, LedgerTransactionId, new_id, present
from models.credit.tables import BalanceKind, LedgerTransactionKind, ledger_balances
from models.payments.tables import TopUpStatus, top_ups
from resolvers.credit.post import Posting, Transaction, post_transaction
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record, record_in_each


class ObstacleKind(enum.Enum):
    """What must be settled first."""

    CREDIT_LEFT = "CREDIT_LEFT"
    CREDIT_RESERVED = "CREDIT_RESERVED"
    TOP_UP_PENDING = "TOP_UP_PENDING"


@dataclass(frozen=True)
class Obstacle:
    """`amount`: in micro-units; None: the caller may not see it."""

    kind: ObstacleKind
    amount: int | None
    count: int = 1


class NotSettled(Refusal):
    """What the account holds blocks the change. Lists all obstacles."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(RefusalCode.ACCOUNT_NOT_SETTLED, field="accountId")
        self.obstacles = obstacles


class EffectKind(enum.Enum):
    """What happens to something that an account holds."""

    CREDIT_SETTLED = "CREDIT_SETTLED"
    CREDIT_FORFEITED = "CREDIT_FORFEITED"
    SENDS_VOIDED = "SENDS_VOIDED"
    TOP_UP_RULE_ENDED = "TOP_UP_RULE_ENDED"
    PAYMENT_METHODS_REMOVED = "PAYMENT_METHODS_REMOVED"
    DOMAINS_REMOVED = "DOMAINS_REMOVED"
    WEBHOOKS_DELETED = "WEBHOOKS_DELETED"
    PLAN_WITHDRAWN = "PLAN_WITHDRAWN"
    PLAN_CHARGED = "PLAN_CHARGED"
    SEND_BUDGET_ENDED = "SEND_BUDGET_ENDED"
    CREDIT_BUDGET_ENDED = "CREDIT_BUDGET_ENDED"
    INVITATIONS_REVOKED = "INVITATIONS_REVOKED"
    OWNERSHIP_OFFER_WITHDRAWN = "OWNERSHIP_OFFER_WITHDRAWN"
    PARENT_ACCESS_REQUEST_ENDED = "PARENT_ACCESS_REQUEST_ENDED"
    SUBACCOUNTS_REQUEST_WITHDRAWN = "SUBACCOUNTS_REQUEST_WITHDRAWN"
    REVIEW_WITHDRAWN = "REVIEW_WITHDRAWN"


@dataclass(frozen=True)
class SettlementEffect:
    """`amount`: in micro-units; None: there is none, or the caller may not see it. `to_account_id`: the
    receiver, where the caller reaches that account."""

    kind: EffectKind
    amount: int | None = None
    count: int = 1
    to_account_id: AccountId | None = None


def visible_amount(
    account: Authorized, amount: int, permission: Permission = Permission.CREDIT_READ
) -> int | None:
    """The amount, if the principal may see it in the account."""
    return amount if account.held & permission.bit else None


async def balances_of(session: WriteSession, account: Authorized) -> dict[BalanceKind, int]:
    """The balances of a locked account, in micro-units. A kind that was never used is missing."""
    balance = ledger_balances.c
    statement = select(balance.kind, balance.amount).where(in_account(ledger_balances, account))
    return {BalanceKind(row.kind): row.amount for row in await session.execute(statement)}


async def pending_top_ups(session: WriteSession, account: Authorized) -> list[Obstacle]:
    """One obstacle for all pending top-ups, or none: the provider may still charge them."""
    pending = top_ups.c
    statement = select(func.count().label("number"), func.sum(pending.amount).label("amount")).where(
        in_account(top_ups, account), pending.status == TopUpStatus.PENDING.value
    )
    row = (await session.execute(statement)).one()
    if not row.number:
        return []
    return [Obstacle(ObstacleKind.TOP_UP_PENDING, visible_amount(account, int(row.amount)), row.number)]


async def settle_with_pool(
    session: WriteSession, principal: Principal, account: Authorized, pool_id: AccountId, left: int
) -> list[SettlementEffect]:
    """Move a locked account's remaining credit to the pool above. Both logs show it. Without credit nothing
    happens."""
    if not left:
        return []
    postings = (
        Posting(account.account_id, BalanceKind.CREDIT, -left),
        Posting(pool_id, BalanceKind.CREDIT, left),
    )
    settled = await _post(session, principal, account, LedgerTransactionKind.SETTLEMENT, postings)
    after: Change = {
        "from": present(Kind.ACCOUNT, account.account_id),
        "to": present(Kind.ACCOUNT, pool_id),
        "amount": str(left),
    }
    pool = without_rights(AccountKey(account.master_id, pool_id))
    both = (account, pool)
    await record_in_each(session, principal, both, EventType.CREDIT_SETTLED, settled, None, after)
    reached = await _reached(session, principal, pool_id)
    return [SettlementEffect(EffectKind.CREDIT_SETTLED, visible_amount(account, left), to_account_id=reached)]


async def forfeit(
    session: WriteSession, principal: Principal, account: Authorized, left: int
) -> list[SettlementEffect]:
    """Give up a locked master account's remaining credit. Nobody pays it back."""
    if not left:
        return []
    postings = (
        Posting(account.account_id, BalanceKind.CREDIT, -left),
        Posting(account.account_id, BalanceKind.OUTSIDE, left),
    )
    given_up = await _post(session, principal, account, LedgerTransactionKind.FORFEITURE, postings)
    after: Change = {"amount": str(left)}
    await record(session, principal, account, EventType.CREDIT_FORFEITED, given_up, None, after)
    return [SettlementEffect(EffectKind.CREDIT_FORFEITED, visible_amount(account, left))]


async def _post(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    kind: LedgerTransactionKind,
    postings: Sequence[Posting],
) -> str:
    """Returns the transaction's global id."""
    transaction_id = LedgerTransactionId(new_id())
    # The account is locked, and nothing of its credit is kept for others: there is no shortage.
    await post_transaction(session, principal, Transaction(account.master_id, transaction_id, kind, postings))
    return present(Kind.LEDGER_TRANSACTION, transaction_id)


async def _reached(session: WriteSession, principal: Principal, account_id: AccountId) -> AccountId | None:
    """The account, if the principal reaches it."""
    try:
        await authorize_also(session, principal, account_id, Permission.ACCOUNT_READ)
    except (NotFound, PermissionDenied):
        return None
    return account_id
