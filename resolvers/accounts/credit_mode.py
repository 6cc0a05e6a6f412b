"""Whether a subaccount spends its own credit or that of an account above (R19, R28, R43, T18)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import CreditMode, accounts
from models.accounts.trees import this_account
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency
from models.credit.tables import BalanceKind
from resolvers.billing.payers import Payer, authorize_payers
from resolvers.budgets.change import end_budget
from resolvers.credit.settlement import (
    EffectKind,
    NotSettled,
    Obstacle,
    ObstacleKind,
    SettlementEffect,
    balances_of,
    pending_top_ups,
    settle_with_pool,
    visible_amount,
)
from resolvers.effects.account_versions import check_version
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.payments.end_top_up_rule import end_top_up_rule
from resolvers.sending.open_reservations import give_back_lapsed


@dataclass(frozen=True)
class CreditModeUpdate:
    """Whose credit a subaccount spends from now on. `expected_version`: of the account."""

    account_id: AccountId
    expected_version: int
    mode: CreditMode


@dataclass(frozen=True)
class CreditModeChanged:
    """The account, and what happened to its credit and settings."""

    account: Authorized
    effects: Sequence[SettlementEffect] = ()


async def change_credit_mode(
    session: WriteSession, principal: Principal, command: CreditModeUpdate
) -> CreditModeChanged:
    """Let a subaccount spend its own credit, or draw from the nearest account above with an own balance.

    Needs CREDIT_TRANSFER in the account and in the one whose pool it is or would be, because it decides about
    that one's money. Remaining credit moves to the pool. A new balance starts empty, and the budget of the
    pool's credit ends. Raises POOL_ACCOUNT_REQUIRED, VersionConflict, FAILED_PRECONDITION for a master
    account, and NotSettled while credit is reserved or a top-up is pending.
    """
    mode = command.mode
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_TRANSFER)
    if account.account_id == account.master_id:
        message = "A master account always spends its own credit."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    (pool,) = await authorize_payers(
        session, principal, account, Permission.CREDIT_TRANSFER, [Payer.POOL_ABOVE]
    )
    check_version(account, command.expected_version)
    before = CreditMode(account.stored.credit_mode)
    if before is mode:
        return CreditModeChanged(account)
    after: Change = {"mode": mode.value}
    changed: dict[str, object] = {"credit_mode": mode.value, "version": accounts.c.version + 1}
    await session.send_built(update(accounts).where(this_account(accounts, account)).values(changed))
    effects = []
    if mode is CreditMode.SHARED_POOL:
        # The account is no longer a pool, so that it guarantees nothing to others.
        if await end_top_up_rule(session, principal, account):
            effects.append(SettlementEffect(EffectKind.TOP_UP_RULE_ENDED))
        left = await _settled(session, principal, account)
        after["settled"] = str(left)
        effects += await settle_with_pool(session, principal, account, pool.account_id, left)
    elif await end_budget(session, principal, account, BudgetCurrency.CREDIT):
        effects.append(SettlementEffect(EffectKind.CREDIT_BUDGET_ENDED))
    kind = EventType.CREDIT_MODE_CHANGED
    await record_of_account(session, principal, account, kind, {"mode": before.value}, after)
    return CreditModeChanged(account, effects)


async def _settled(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """The remaining credit in micro-units, while nothing is under way. Raises NotSettled."""
    open_sends = await give_back_lapsed(session, principal, account)
    balances = await balances_of(session, account)
    obstacles = await pending_top_ups(session, account)
    reserved = balances.get(BalanceKind.RESERVED, 0)
    if reserved:
        amount = visible_amount(account, reserved)
        obstacles.append(Obstacle(ObstacleKind.CREDIT_RESERVED, amount, open_sends))
    if obstacles:
        raise NotSettled(obstacles)
    return balances.get(BalanceKind.CREDIT, 0)
