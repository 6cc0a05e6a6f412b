"""What changes the plan of an account, and what buys more contacts for a cycle (R94, T22)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, insert, or_, select

from authz.guard import Authorized, authorize, authorize_also
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.accounts import account_closure, accounts
from models.budgets import BudgetCurrency, budgets
from models.identifiers import AccountId, Kind, PlanId, new_id, present
from models.plans import MOST_IN_A_CYCLE, limit_increases, plans
from resolvers.account_versions import check_version, raise_version
from resolvers.budget_guarantees import check_plan_keeps
from resolvers.credit import currency_of, nearest_pool
from resolvers.events import Change, EventKind, record
from resolvers.idempotency import IdempotentRequest, earlier_outcome, remember
from resolvers.plan_choices import choose_again, subscribe
from resolvers.terms import Plan, Terms, plan_from, terms_of

MOST_BLOCKS = 1000
"""At once."""


@dataclass(frozen=True)
class PlanChange:
    """`time_zone`: an IANA zone, for an account that had no plan of its own; None: UTC, or as it is."""

    account_id: AccountId
    plan_id: PlanId
    expected_version: int
    time_zone: str | None


async def change_plan(session: WriteSession, principal: Principal, command: PlanChange) -> Authorized:
    """Give an account a plan of its own, or another one.

    Needs PLAN_WRITE in the account and in the one whose credit it spends: that one pays for sends beyond the
    plan's. A first plan of its own, where a cap of sends holds, needs it also above the capped account. What
    takes nothing away from the plan that the account uses holds at once, what takes something away with the
    next cycle of that one (T22); the present plan again takes back what waits. Raises VersionConflict,
    POOL_ACCOUNT_REQUIRED, PARENT_ACCOUNT_REQUIRED, PAID_PLAN_REQUIRED, GUARANTEE_TOO_LARGE, NotFound for a
    plan that is not on offer or in another currency, BAD_USER_INPUT.
    """
    account = await _authorize_payer(session, principal, command.account_id)
    await check_version(session, account, command.expected_version)
    terms = await terms_of(session, account)
    plan = await _plan_on_offer(session, account, terms, command.plan_id)
    if not plan.price and account.account_id != account.master_id:
        raise Refusal(RefusalCode.PAID_PLAN_REQUIRED, field="planId")
    await check_plan_keeps(session, account, plan.sends)
    if _is_own(terms, account):
        if command.time_zone is not None:
            message = "It is set with the account's first plan: cycles are counted in it."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "timeZone")
        changed = await choose_again(session, account, terms, plan)
    else:
        await _authorize_capping(session, principal, account)
        await subscribe(session, account, terms, plan, command.time_zone or "UTC")
        changed = True
    if changed:
        await _log_change(session, principal, account, terms, plan)
    return account


@dataclass(frozen=True)
class LimitIncrease:
    """More contacts, in blocks as the plan sells them."""

    account_id: AccountId
    blocks: int
    idempotency_key: str


@dataclass(frozen=True)
class LimitIncreased:
    """`replayed`: it was done by an earlier request under the same key."""

    account: Authorized
    replayed: bool


async def increase_limit(
    session: WriteSession, principal: Principal, command: LimitIncrease
) -> LimitIncreased:
    """Add contacts, and the sends that come with them, for the current cycle (R94). They are invoiced.

    Needs PLAN_WRITE as a change of the plan does. Raises PLAN_REQUIRED where the plan sells none,
    FAILED_PRECONDITION in an account without a plan of its own, POOL_ACCOUNT_REQUIRED, BAD_USER_INPUT,
    IDEMPOTENCY_MISMATCH.
    """
    if not 1 <= command.blocks <= MOST_BLOCKS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must lie between 1 and {MOST_BLOCKS}.", "blocks")
    account = await _authorize_payer(session, principal, command.account_id)
    request = IdempotentRequest("limitIncrease", command.idempotency_key, (command.blocks,))
    if await earlier_outcome(session, principal, account, request) is not None:
        return LimitIncreased(account, replayed=True)
    terms = await terms_of(session, account)
    if terms.subscriber_id != account.account_id:
        message = "The account uses the plan of an account above; buy it there."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    plan = terms.plan
    if plan.block_price is None or not terms.subscribed:
        raise Refusal(RefusalCode.PLAN_REQUIRED, field="accountId")
    contacts, sends = plan.block_contacts * command.blocks, plan.block_sends * command.blocks
    if max(terms.contact_limit + contacts, terms.send_limit + sends) > MOST_IN_A_CYCLE:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The limit would be too large.", "blocks")
    price = plan.block_price * command.blocks
    await session.execute(
        insert(limit_increases).values(
            master_id=account.master_id,
            account_id=account.account_id,
            id=new_id(),
            cycle_starts_at=terms.cycle_starts_at,
            contacts=contacts,
            sends=sends,
            price=price,
        )
    )
    after: Change = {"contacts": contacts, "sends": sends, "price": str(price)}
    subject_id = present(Kind.ACCOUNT, account.account_id)
    await record(session, principal, account, EventKind.LIMIT_INCREASED, subject_id, None, after)
    await remember(session, principal, account, request, {"contacts": str(contacts)})
    return LimitIncreased(account, replayed=False)


async def _authorize_payer(session: WriteSession, principal: Principal, account_id: AccountId) -> Authorized:
    """The account, where the principal may also decide for the one whose credit it spends."""
    account = await authorize(session, principal, account_id, Permission.PLAN_WRITE)
    pool_id = (await session.execute(select(nearest_pool(accounts)).where(_is(account)))).scalar_one()
    try:
        await authorize_also(session, principal, AccountId(pool_id), Permission.PLAN_WRITE)
    except (NotFound, PermissionDenied) as refusal:
        raise Refusal(RefusalCode.POOL_ACCOUNT_REQUIRED) from refusal
    return account


async def _authorize_capping(session: WriteSession, principal: Principal, account: Authorized) -> None:
    """Whoever limits the sends of an account, or of one above it, decides whether it gets more."""
    path, capped = account_closure.alias(), accounts.alias()
    limited = and_(
        budgets.c.master_id == path.c.master_id,
        budgets.c.account_id == path.c.ancestor_id,
        budgets.c.currency == BudgetCurrency.SENDS.value,
        budgets.c.cap.is_not(None),
    )
    same = and_(capped.c.master_id == path.c.master_id, capped.c.id == path.c.ancestor_id)
    parents = (
        select(capped.c.parent_id)
        .select_from(path.join(budgets, limited).join(capped, same))
        .where(path.c.master_id == account.master_id, path.c.descendant_id == account.account_id)
    )
    for parent_id in (await session.execute(parents)).scalars().all():
        try:
            await authorize_also(session, principal, parent_id, Permission.PLAN_WRITE)
        except (NotFound, PermissionDenied) as refusal:
            raise Refusal(RefusalCode.PARENT_ACCOUNT_REQUIRED) from refusal


async def _plan_on_offer(session: WriteSession, account: Authorized, terms: Terms, plan_id: PlanId) -> Plan:
    """One that is sold, or the one that the account has already."""
    currency = select(currency_of(accounts)).where(_is(account)).scalar_subquery()
    offered: ColumnElement[bool] = plans.c.on_offer
    if _is_own(terms, account):
        offered = or_(offered, plans.c.id == terms.plan.id)
    statement = select(plans).where(plans.c.id == plan_id, plans.c.currency == currency, offered)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("planId")
    return plan_from(row)


async def _log_change(
    session: WriteSession, principal: Principal, account: Authorized, before: Terms, plan: Plan
) -> None:
    now = await terms_of(session, account)
    at_once = now.plan.id == plan.id
    after: Change = {"plan": plan.code, "from": None if at_once else now.cycle_ends_at.isoformat()}
    subject_id = present(Kind.ACCOUNT, account.account_id)
    change: Change = {"plan": before.plan.code}
    await raise_version(session, account)
    await record(session, principal, account, EventKind.PLAN_CHANGED, subject_id, change, after)


def _is_own(terms: Terms, account: Authorized) -> bool:
    return terms.subscribed and terms.subscriber_id == account.account_id


def _is(account: Authorized) -> ColumnElement[bool]:
    return and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
