"""Scheduling an account's plans: a first one of its own, or another choice (T20, T22)."""

import datetime
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Uuid, and_, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account
from models.base.clock import current_moment
from models.base.ids import PlanId, new_id
from models.plans.tables import plan_choices, plans, subscriptions
from models.sending.tables import send_cycles
from resolvers.people.time_zones import check_time_zone
from resolvers.plans.effective_plan import CataloguePlan, EffectivePlan, effective_plan_of


@dataclass(frozen=True)
class WaitingChoice:
    """A plan, by its code, that will hold from a later moment on."""

    plan_id: PlanId
    code: str
    holds_from: datetime.datetime


async def subscribe(
    session: WriteSession,
    account: Authorized,
    effective: EffectivePlan,
    plan: CataloguePlan,
    time_zone: str | None,
) -> None:
    """Give the account its first plan of its own: now, or when the cycle of a plan that gives more ends.

    It replaces a first plan that waits. Without a time zone it takes the zone of that plan, or else UTC. What
    a master account has used of the current cycle counts in the first cycle of the new plan. Otherwise a
    change from the default plan would renew all limits. Raises BAD_USER_INPUT.
    """
    if time_zone is not None:
        await check_time_zone(session, time_zone)
    begins = _holds_from(plan, effective)
    await withdraw(session, account)
    begun = upsert(subscriptions).values(
        **columns_of(account), time_zone=time_zone or "UTC", anchored_at=begins
    )
    replaced = {"anchored_at": begun.excluded.anchored_at}
    if time_zone is not None:
        replaced["time_zone"] = begun.excluded.time_zone
    await session.send_built(
        begun.on_conflict_do_update(index_elements=["master_id", "account_id"], set_=replaced)
    )
    await _add(session, account, plan.id, begins)
    if effective.subscriber_id == account.account_id:
        await _carry_over(session, account, effective)


async def choose_again(
    session: WriteSession, account: Authorized, effective: EffectivePlan, plan: CataloguePlan
) -> bool:
    """Give an account with a plan of its own another one. Returns whether anything changed.

    Raises FAILED_PRECONDITION for the present plan while another one waits: withdrawing has a mutation of its
    own.
    """
    waiting = await _waiting(session, account)
    if plan.id == effective.plan.id and waiting is not None:
        message = f"{waiting.code} waits for the next cycle: withdraw it with `planChangeWithdraw`."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "planId")
    if plan.id == effective.plan.id or (waiting is not None and plan.id == waiting.plan_id):
        return False
    await withdraw(session, account)
    await _add(session, account, plan.id, _holds_from(plan, effective))
    return True


async def withdraw(session: WriteSession, account: Authorized) -> WaitingChoice | None:
    """Withdraw the choice that waits, and return it; None: none waits."""
    waiting = await _waiting(session, account)
    if waiting is not None:
        await session.send_built(
            update(plan_choices).where(_waits(account)).values(withdrawn_at=current_moment())
        )
    return waiting


async def postpone(session: WriteSession, account: Authorized, holds_from: datetime.datetime) -> None:
    """Let the choice that waits, if one does, hold from this moment on."""
    waiting = await withdraw(session, account)
    if waiting is not None:
        await _add(session, account, waiting.plan_id, holds_from)


async def withdraw_first(session: WriteSession, account: Authorized) -> WaitingChoice | None:
    """The same for a first plan that waits. The account then has no subscription, as before."""
    waiting = await _waiting(session, account)
    if waiting is not None:
        place = literal(account.master_id, Uuid), literal(account.account_id, Uuid)
        await session.execute(select(func.first_plan_withdraw(*place)))
    return waiting


async def _carry_over(session: WriteSession, account: Authorized, before: EffectivePlan) -> None:
    now, cycle = await effective_plan_of(session, account), send_cycles.c
    await session.send_built(
        update(send_cycles)
        .where(in_account(send_cycles, account), cycle.starts_at == before.cycle_starts_at)
        .values(starts_at=now.cycle_starts_at, ends_at=now.cycle_ends_at)
    )


def _holds_from(
    plan: CataloguePlan, effective: EffectivePlan
) -> datetime.datetime | ColumnElement[datetime.datetime]:
    return current_moment() if plan.gives_at_least(effective.plan) else effective.cycle_ends_at


async def _waiting(session: WriteSession, account: Authorized) -> WaitingChoice | None:
    choice = plan_choices.c
    statement = (
        select(choice.plan_id, plans.c.code, choice.holds_from)
        .join(plans, plans.c.id == choice.plan_id)
        .where(_waits(account))
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else WaitingChoice(row.plan_id, row.code, row.holds_from)


def _waits(account: Authorized) -> ColumnElement[bool]:
    choice = plan_choices.c
    return and_(
        in_account(plan_choices, account), choice.withdrawn_at.is_(None), choice.holds_from > current_moment()
    )


async def _add(
    session: WriteSession,
    account: Authorized,
    plan_id: PlanId,
    holds_from: datetime.datetime | ColumnElement[datetime.datetime],
) -> None:
    values = {"id": new_id(), "plan_id": plan_id, "holds_from": holds_from}
    await session.send_built(insert(plan_choices).values(**columns_of(account), **values))
