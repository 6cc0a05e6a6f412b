"""Closing an account: its holdings are settled and its open offers end (T15, T16, T18).

Changes in a closed account can only take rights away, and after 30 days nobody opens it again (see
`resolvers.accounts.reopen`). So nothing may stay in it: its credit goes to the pool above, its uncommitted
reservations are released, and what is guaranteed to it is free again. It stays readable, and its current
billing cycle is charged at its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import AccountStatus, accounts
from models.accounts.trees import in_account, row_of, this_account
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency
from models.credit.pools import nearest_pool
from models.credit.tables import BalanceKind
from models.parent_access.requests import parent_access_requests
from resolvers.access.blockers import blocked, open_subaccounts
from resolvers.billing.status_history import note_status
from resolvers.budgets.change import end_budget
from resolvers.contacts.jobs.store import CONTACTS_OF_CLOSED, add_job
from resolvers.credit.settlement import (
    EffectKind,
    NotSettled,
    Obstacle,
    ObstacleKind,
    SettlementEffect,
    balances_of,
    forfeit,
    pending_top_ups,
    settle_with_pool,
    visible_amount,
)
from resolvers.domains.remove import remove_domains
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.inputs.text import short_text
from resolvers.invitations.invite import revoke_invitations
from resolvers.members.ownership import release_owners
from resolvers.members.transfer_ownership import end_ownership_offer
from resolvers.payments.change_methods import remove_payment_methods
from resolvers.payments.end_top_up_rule import end_top_up_rule
from resolvers.plans.effective_plan import effective_plan_of
from resolvers.review.request import withdraw_review
from resolvers.sending.open_reservations import void_open_sends
from resolvers.staff.request_subaccounts import end_subaccounts_request
from resolvers.subscriptions.change import end_plan_change
from resolvers.webhooks.update import delete_webhooks

_REASON = "The account was closed."


@dataclass(frozen=True)
class AccountClosing:
    """`forfeit_credit`: the most of a master account's credit that is given up, in micro-units."""

    account_id: AccountId
    reason: str | None
    forfeit_credit: int | None


@dataclass(frozen=True)
class AccountClosed:
    """The account, and what happened to its holdings."""

    account: Authorized
    effects: Sequence[SettlementEffect]


async def close_account(
    session: WriteSession, principal: Principal, command: AccountClosing
) -> AccountClosed:
    """Close the account; it stays readable. Needs ACCOUNT_CLOSE.

    Raises HAS_SUBACCOUNTS while accounts below are open, NotSettled while a top-up is pending or a master
    account has more credit than is given up, BAD_USER_INPUT.
    """
    reason = None if command.reason is None else short_text(command.reason, "reason")
    account = await authorize(
        session, principal, command.account_id, Permission.ACCOUNT_CLOSE, WriteKind.TAKES_AWAY
    )
    before = account.stored.own_status
    if before == AccountStatus.CLOSED.value:
        raise Refusal(RefusalCode.ACCOUNT_CLOSED)
    _check_forfeit(account, command)
    await _check_leaf(session, principal, account)
    effects = [
        *await _end_sends(session, principal, account),
        *await _end_money(session, principal, account),
        *await _end_credit(session, principal, account, command.forfeit_credit or 0),
        *await _end_offers(session, principal, account),
    ]
    await add_job(session, principal, account, CONTACTS_OF_CLOSED)
    await release_owners(session, account)
    closed: dict[str, object] = {"status": AccountStatus.CLOSED.value, "version": accounts.c.version + 1}
    await session.send_built(update(accounts).where(this_account(accounts, account)).values(closed))
    await note_status(session, account, AccountStatus.CLOSED)
    after: Change = {"status": AccountStatus.CLOSED.value}
    if effects:
        after["effects"] = [effect.kind.value for effect in effects]
    change: tuple[Change, Change] = {"status": before}, after
    await record_of_account(session, principal, account, EventType.ACCOUNT_CLOSED, *change, reason)
    return AccountClosed(account, effects)


def _check_forfeit(account: Authorized, command: AccountClosing) -> None:
    given_up = command.forfeit_credit or 0
    if given_up < 0:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must not be below zero.", "forfeitCredit")
    if given_up and account.account_id != account.master_id:
        message = "A subaccount's credit goes to the pool above it."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "forfeitCredit")


async def _check_leaf(session: WriteSession, principal: Principal, account: Authorized) -> None:
    below = exists().where(
        accounts.c.master_id == account.master_id,
        accounts.c.parent_id == account.account_id,
        accounts.c.status != AccountStatus.CLOSED.value,
    )
    if (await session.execute(select(below))).scalar_one():
        raise await blocked(session, principal, RefusalCode.HAS_SUBACCOUNTS, open_subaccounts(account))


async def _end_sends(
    session: WriteSession, principal: Principal, account: Authorized
) -> list[SettlementEffect]:
    """Reservations are released. Committed sends stay counted. Another tree may verify the domains."""
    voided = await void_open_sends(session, principal, account)
    removed = await remove_domains(session, principal, account)
    deleted = await delete_webhooks(session, principal, account)
    counts = {
        EffectKind.SENDS_VOIDED: voided,
        EffectKind.DOMAINS_REMOVED: removed,
        EffectKind.WEBHOOKS_DELETED: deleted,
    }
    return [SettlementEffect(kind, count=count) for kind, count in counts.items() if count]


async def _end_money(
    session: WriteSession, principal: Principal, account: Authorized
) -> list[SettlementEffect]:
    """This comes before the credit goes: otherwise the rule would buy more once none is left."""
    effects = []
    if await end_top_up_rule(session, principal, account):
        effects.append(SettlementEffect(EffectKind.TOP_UP_RULE_ENDED))
    removed = await remove_payment_methods(session, principal, account)
    if removed:
        effects.append(SettlementEffect(EffectKind.PAYMENT_METHODS_REMOVED, count=removed))
    effective = await effective_plan_of(session, account)
    if await end_plan_change(session, principal, account, effective):
        effects.append(SettlementEffect(EffectKind.PLAN_WITHDRAWN))
    if effective.subscribed and effective.subscriber_id == account.account_id and effective.plan.price:
        price = visible_amount(account, effective.plan.price, Permission.PLAN_READ)
        effects.append(SettlementEffect(EffectKind.PLAN_CHARGED, price))
    for currency, kind in (
        (BudgetCurrency.SENDS, EffectKind.SEND_BUDGET_ENDED),
        (BudgetCurrency.CREDIT, EffectKind.CREDIT_BUDGET_ENDED),
    ):
        if await end_budget(session, principal, account, currency):
            effects.append(SettlementEffect(kind))
    return effects


async def _end_credit(
    session: WriteSession, principal: Principal, account: Authorized, given_up: int
) -> list[SettlementEffect]:
    left = (await balances_of(session, account)).get(BalanceKind.CREDIT, 0)
    obstacles = await pending_top_ups(session, account)
    above = accounts.alias()
    pool = select(nearest_pool(above)).where(row_of(above, account, account.stored.parent_id))
    pool_id = (await session.execute(pool)).scalar_one_or_none()
    if pool_id is None and left > given_up:
        obstacles.append(Obstacle(ObstacleKind.CREDIT_LEFT, visible_amount(account, left)))
    if obstacles:
        raise NotSettled(obstacles)
    if pool_id is None:
        return await forfeit(session, principal, account, left)
    return await settle_with_pool(session, principal, account, AccountId(pool_id), left)


async def _end_offers(
    session: WriteSession, principal: Principal, account: Authorized
) -> list[SettlementEffect]:
    """Offers and requests that can no longer be answered."""
    effects = []
    revoked = await revoke_invitations(session, principal, account)
    if revoked:
        effects.append(SettlementEffect(EffectKind.INVITATIONS_REVOKED, count=revoked))
    if await end_ownership_offer(session, principal, account):
        effects.append(SettlementEffect(EffectKind.OWNERSHIP_OFFER_WITHDRAWN))
    request = parent_access_requests
    dropped = delete(request).where(in_account(request, account))
    asked = (await session.execute(dropped.returning(request.c.parent_access))).scalar_one_or_none()
    if asked is not None:
        kind, after = EventType.PARENT_ACCESS_DECLINED, {"parent_access": asked}
        await record_of_account(session, principal, account, kind, None, dict(after), _REASON)
        effects.append(SettlementEffect(EffectKind.PARENT_ACCESS_REQUEST_ENDED))
    if await end_subaccounts_request(session, principal, account) is not None:
        effects.append(SettlementEffect(EffectKind.SUBACCOUNTS_REQUEST_WITHDRAWN))
    if await withdraw_review(session, principal, account):
        effects.append(SettlementEffect(EffectKind.REVIEW_WITHDRAWN))
    return effects
