"""What changes the plan of an account, and what buys more contacts for a cycle (R94, T22)."""

import datetime
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from authz.guard import Authorized, authorize, authorize_also
from authz.permissions import Permission
from authz.principals import Principal
from authz.refusals import NotFound, PermissionDenied, Refusal, RefusalCode, VersionConflict
from models.accounts import accounts
from models.clock import current_moment
from models.identifiers import AccountId, Kind, PlanId, new_id, present
from models.plans import MOST_IN_A_CYCLE, limit_increases, plan_choices, plans, subscriptions
from resolvers.credit import currency_of, nearest_pool
from resolvers.events import Change, EventKind, record
from resolvers.idempotency import IdempotentRequest, earlier_outcome, remember
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


async def change_plan(session: AsyncSession, principal: Principal, command: PlanChange) -> Authorized:
    """Give an account a plan of its own, or another one.

    Needs PLAN_WRITE in the account and in the one whose credit it spends: that one pays. What takes nothing
    away holds at once, what takes something away with the next cycle (T22); the present plan again takes back
    what waits. Raises VersionConflict, POOL_ACCOUNT_REQUIRED, NotFound for a plan in another currency,
    BAD_USER_INPUT.
    """
    account = await _authorize_payer(session, principal, command.account_id)
    version = (await session.execute(select(accounts.c.version).where(_is(account)))).scalar_one()
    if version != command.expected_version:
        raise VersionConflict(version)
    plan = await _plan_on_offer(session, account, command.plan_id)
    terms = await terms_of(session, account)
    if _is_own(terms, account):
        if command.time_zone is not None:
            message = "It is set with the account's first plan: cycles are counted in it."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message, "timeZone")
        changed = await _choose_again(session, account, terms, plan)
    else:
        await _subscribe(session, account, plan, command.time_zone or "UTC")
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
    session: AsyncSession, principal: Principal, command: LimitIncrease
) -> LimitIncreased:
    """Buy contacts, and the sends that come with them, for the current cycle (R94).

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
            **_key(account),
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


async def _authorize_payer(session: AsyncSession, principal: Principal, account_id: AccountId) -> Authorized:
    """The account, where the principal may also decide for the one whose credit it spends."""
    account = await authorize(session, principal, account_id, Permission.PLAN_WRITE)
    pool_id = (await session.execute(select(nearest_pool(accounts)).where(_is(account)))).scalar_one()
    try:
        await authorize_also(session, principal, AccountId(pool_id), Permission.PLAN_WRITE)
    except (NotFound, PermissionDenied) as refusal:
        raise Refusal(RefusalCode.POOL_ACCOUNT_REQUIRED) from refusal
    return account


async def _plan_on_offer(session: AsyncSession, account: Authorized, plan_id: PlanId) -> Plan:
    currency = select(currency_of(accounts)).where(_is(account)).scalar_subquery()
    statement = select(plans).where(plans.c.id == plan_id, plans.c.currency == currency)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("planId")
    return plan_from(row)


async def _subscribe(session: AsyncSession, account: Authorized, plan: Plan, time_zone: str) -> None:
    known = func.pg_timezone_names().table_valued("name").c.name
    if not (await session.execute(select(exists().where(known == time_zone)))).scalar_one():
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Not an IANA time zone.", "timeZone")
    values = {"time_zone": time_zone, "anchored_at": current_moment()}
    await session.execute(insert(subscriptions).values(**_key(account), **values))
    await _add_choice(session, account, plan, current_moment())


async def _choose_again(session: AsyncSession, account: Authorized, terms: Terms, plan: Plan) -> bool:
    """Whether anything was changed."""
    choice = plan_choices.c
    withdrawn = await session.execute(
        update(plan_choices)
        .where(
            choice.master_id == account.master_id,
            choice.account_id == account.account_id,
            choice.withdrawn_at.is_(None),
            choice.holds_from > current_moment(),
        )
        .values(withdrawn_at=current_moment())
        .returning(choice.id)
    )
    if plan.id == terms.plan.id:
        return withdrawn.first() is not None
    at_once = plan.gives_at_least(terms.plan)
    await _add_choice(session, account, plan, current_moment() if at_once else terms.cycle_ends_at)
    return True


async def _add_choice(
    session: AsyncSession,
    account: Authorized,
    plan: Plan,
    holds_from: datetime.datetime | ColumnElement[datetime.datetime],
) -> None:
    values = {"id": new_id(), "plan_id": plan.id, "holds_from": holds_from}
    await session.execute(insert(plan_choices).values(**_key(account), **values))


async def _log_change(
    session: AsyncSession, principal: Principal, account: Authorized, before: Terms, plan: Plan
) -> None:
    now = await terms_of(session, account)
    at_once = now.plan.id == plan.id
    after: Change = {"plan": plan.code, "from": None if at_once else now.cycle_ends_at.isoformat()}
    subject_id = present(Kind.ACCOUNT, account.account_id)
    change: Change = {"plan": before.plan.code}
    await session.execute(update(accounts).where(_is(account)).values(version=accounts.c.version + 1))
    await record(session, principal, account, EventKind.PLAN_CHANGED, subject_id, change, after)


def _is_own(terms: Terms, account: Authorized) -> bool:
    return terms.subscribed and terms.subscriber_id == account.account_id


def _key(account: Authorized) -> dict[str, object]:
    return {"master_id": account.master_id, "account_id": account.account_id}


def _is(account: Authorized) -> ColumnElement[bool]:
    return and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
