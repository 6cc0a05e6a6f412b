"""Changing an account's plan, and buying more contacts for a cycle (R94, T22)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, insert, or_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, this_account
from models.base.ids import AccountId, PlanId, new_id
from models.plans.tables import MOST_IN_A_CYCLE, limit_increases, plans
from resolvers.billing.payers import WHO_PAYS_FOR_A_PLAN, Payer, authorize_payers
from resolvers.budgets.guarantees import check_plan_covers_guarantees
from resolvers.credit.reads import currency_of
from resolvers.effects.account_versions import check_version, raise_version
from resolvers.effects.event_types import EventType
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.effects.log import Change, record_of_account
from resolvers.plans.effective_plan import CataloguePlan, EffectivePlan, catalogue_plan, effective_plan_of
from resolvers.subscriptions.correct_zone import correct_zone, zone_of
from resolvers.subscriptions.schedule import choose_again, subscribe, withdraw, withdraw_first

MOST_BLOCKS = 1000
"""At once."""


@dataclass(frozen=True)
class PlanChange:
    """`time_zone`: an IANA zone, for a first plan of its own, or to correct it while nothing was booked.
    None: an existing zone stays; else it is UTC."""

    account_id: AccountId
    plan_id: PlanId
    expected_version: int
    time_zone: str | None


async def change_plan(session: WriteSession, principal: Principal, command: PlanChange) -> Authorized:
    """Give an account a plan of its own, or another one.

    Needs PLAN_WRITE in the account and in the accounts that pay: the one that is invoiced for the plan, and
    the one whose credit pays for sends beyond it. If this is a first plan of its own and an account on the
    path has a cap of sends, it also needs PLAN_WRITE in the account above the capped one. A plan that gives
    at least as much as the present one holds at once. Any other plan holds from the next cycle on (T22). If
    the account's own plan, in force or waiting, is chosen again, nothing changes but the time zone.

    Raises VersionConflict, POOL_ACCOUNT_REQUIRED, BILLED_ACCOUNT_REQUIRED, PARENT_ACCOUNT_REQUIRED,
    PAID_PLAN_REQUIRED, GUARANTEE_TOO_LARGE, ALREADY_BOOKED for another time zone once its cycles count
    something. Raises NotFound for a plan that is not on sale or is in another
    currency, and FAILED_PRECONDITION for the present plan while another one waits. Raises BAD_USER_INPUT. One
    case is an account without a plan of its own: for the plan that it uses already, it must give a time zone.
    """
    account = await _authorize(session, principal, command.account_id)
    check_version(account, command.expected_version)
    effective = await effective_plan_of(session, account)
    plan = await _plan_on_offer(session, account, effective, command.plan_id)
    if not plan.price and account.account_id != account.master_id:
        raise Refusal(RefusalCode.PAID_PLAN_REQUIRED, field="planId")
    await check_plan_covers_guarantees(session, principal, account, plan.sends)
    if _is_own(effective, account):
        await _change_own(session, principal, account, effective, plan, command.time_zone)
    else:
        if plan.id == effective.plan.id and command.time_zone is None:
            # A caller who means to withdraw a waiting plan must not get a subscription instead.
            message = "The account already uses this plan: give a time zone to make it a plan of its own."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "timeZone")
        await authorize_payers(session, principal, account, Permission.PLAN_WRITE, [Payer.CAPPING])
        await subscribe(session, account, effective, plan, command.time_zone)
        await _log_change(session, principal, account, effective, plan)
    return account


async def _change_own(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    before: EffectivePlan,
    plan: CataloguePlan,
    time_zone: str | None,
) -> None:
    zone = await zone_of(session, account)
    corrected = time_zone is not None and time_zone != zone
    effective = before
    if time_zone is not None and corrected:
        effective = await correct_zone(session, account, before, time_zone)
    chosen = await choose_again(session, account, effective, plan)
    if chosen:
        zones = (zone, time_zone) if corrected else None
        await _log_change(session, principal, account, before, plan, zones)
    elif corrected:
        kind = EventType.PLAN_CHANGED
        await _log(session, principal, account, kind, {"timeZone": zone}, {"timeZone": time_zone})


async def withdraw_plan_change(
    session: WriteSession, principal: Principal, account_id: AccountId, expected_version: int
) -> Authorized:
    """Withdraw a plan that waits for the next cycle, or a first plan of its own that waits.

    Needs what changing the plan needs, because it decides what the next cycle costs. A first plan, which then
    costs nothing, can be withdrawn in any status. Raises VersionConflict, POOL_ACCOUNT_REQUIRED,
    BILLED_ACCOUNT_REQUIRED, and FAILED_PRECONDITION where nothing waits.
    """
    account = await _authorize(session, principal, account_id, WriteKind.TAKES_AWAY)
    check_version(account, expected_version)
    effective = await effective_plan_of(session, account)
    if _is_own(effective, account):
        account.check_changeable()
    if not await end_plan_change(session, principal, account, effective):
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No plan waits.", "accountId")
    return account


async def end_plan_change(
    session: WriteSession, principal: Principal, account: Authorized, effective: EffectivePlan
) -> bool:
    """Withdraw a waiting plan of a locked account. Returns whether one waited."""
    take_back = withdraw if _is_own(effective, account) else withdraw_first
    waiting = await take_back(session, account)
    if waiting is None:
        return False
    before: Change = {"plan": waiting.code, "from": waiting.holds_from.isoformat()}
    after: Change = {"plan": effective.plan.code}
    await _log(session, principal, account, EventType.PLAN_CHANGE_WITHDRAWN, before, after)
    return True


@dataclass(frozen=True)
class LimitIncrease:
    """More contacts, in blocks of the plan's size."""

    account_id: AccountId
    blocks: int
    idempotency_key: str


@dataclass(frozen=True)
class LimitIncreased:
    """`replayed`: an earlier request under the same key did it."""

    account: Authorized
    replayed: bool


async def increase_limit(
    session: WriteSession, principal: Principal, command: LimitIncrease
) -> LimitIncreased:
    """Add contacts, and the sends that come with them, to the current cycle (R94). They are invoiced.

    Needs PLAN_WRITE like a change of the plan. Raises PLAN_REQUIRED where the plan sells no blocks,
    FAILED_PRECONDITION for an account without a plan of its own, POOL_ACCOUNT_REQUIRED,
    BILLED_ACCOUNT_REQUIRED, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH.
    """
    if not 1 <= command.blocks <= MOST_BLOCKS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must lie between 1 and {MOST_BLOCKS}.", "blocks")
    account = await _authorize(session, principal, command.account_id, WriteKind.REPEATABLE)
    request = IdempotentRequest("limitIncrease", command.idempotency_key, (command.blocks,))
    increase_id = new_id()
    if await claim_key(session, principal, account, request, {"increase": str(increase_id)}) is not None:
        return LimitIncreased(account, replayed=True)
    effective = await effective_plan_of(session, account)
    if effective.subscriber_id != account.account_id:
        message = "The account uses the plan of an account above: buy contacts there."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    plan = effective.plan
    if plan.block_price is None or not effective.subscribed:
        raise Refusal(RefusalCode.PLAN_REQUIRED, field="accountId")
    contacts, sends = plan.block_contacts * command.blocks, plan.block_sends * command.blocks
    if max(effective.contact_limit + contacts, effective.send_limit + sends) > MOST_IN_A_CYCLE:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The limit would be too large.", "blocks")
    price = plan.block_price * command.blocks
    await session.send_built(
        insert(limit_increases).values(
            **columns_of(account),
            id=increase_id,
            cycle_starts_at=effective.cycle_starts_at,
            contacts=contacts,
            sends=sends,
            price=price,
        )
    )
    after: Change = {"contacts": contacts, "sends": sends, "price": str(price)}
    await record_of_account(session, principal, account, EventType.LIMIT_INCREASED, None, after)
    return LimitIncreased(account, replayed=False)


async def _authorize(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId,
    write_kind: WriteKind = WriteKind.CHANGES,
) -> Authorized:
    """The account. The caller may also decide for those who pay."""
    permission = Permission.PLAN_WRITE
    account = await authorize(session, principal, account_id, permission, write_kind)
    await authorize_payers(session, principal, account, permission, WHO_PAYS_FOR_A_PLAN, write_kind)
    return account


async def _plan_on_offer(
    session: WriteSession, account: Authorized, effective: EffectivePlan, plan_id: PlanId
) -> CataloguePlan:
    """A plan on sale, or the account's present plan."""
    currency = select(currency_of(accounts)).where(this_account(accounts, account)).scalar_subquery()
    offered: ColumnElement[bool] = plans.c.on_offer
    if _is_own(effective, account):
        offered = or_(offered, plans.c.id == effective.plan.id)
    statement = select(plans).where(plans.c.id == plan_id, plans.c.currency == currency, offered)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("planId")
    return catalogue_plan({**row._mapping})


async def _log_change(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    before: EffectivePlan,
    plan: CataloguePlan,
    zones: tuple[str, str | None] | None = None,
) -> None:
    """`zones`: the time zone before and after, where it changed with the plan."""
    now = await effective_plan_of(session, account)
    at_once = now.plan.id == plan.id
    after: Change = {"plan": plan.code, "from": None if at_once else now.cycle_ends_at.isoformat()}
    old: Change = {"plan": before.plan.code}
    if zones is not None:
        old["timeZone"], after["timeZone"] = zones
    await _log(session, principal, account, EventType.PLAN_CHANGED, old, after)


async def _log(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    kind: EventType,
    before: Change,
    after: Change,
) -> None:
    await raise_version(session, account)
    await record_of_account(session, principal, account, kind, before, after)


def _is_own(effective: EffectivePlan, account: Authorized) -> bool:
    return effective.subscribed and effective.subscriber_id == account.account_id
