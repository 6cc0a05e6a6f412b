"""Correcting the time zone of an account's own plan, while no cycle of it counts anything (T20)."""

from sqlalchemy import or_, select, update

from authz.guards.exclusive import Authorized
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import in_account, this_account
from models.base.clock import current_moment
from models.billing.tables import charges
from models.plans.cycles import cycle_number
from models.plans.tables import limit_increases, subscriptions
from models.sending.tables import send_cycles
from resolvers.people.time_zones import check_time_zone
from resolvers.plans.effective_plan import EffectivePlan, effective_plan_of
from resolvers.plans.reads import anchored_at_of, time_zone_of
from resolvers.subscriptions.schedule import postpone


async def correct_zone(
    session: WriteSession, account: Authorized, effective: EffectivePlan, time_zone: str
) -> EffectivePlan:
    """Let the cycles of the locked account's own subscription begin in another time zone. A plan that waits
    then waits for the new end of the cycle. Returns what holds afterwards.

    Raises BAD_USER_INPUT, and ALREADY_BOOKED once a cycle has ended, or counts sends, contacts that were
    bought, or what others are invoiced with it: their ends are kept where they are.
    """
    await check_time_zone(session, time_zone)
    if await _is_booked(session, account, effective):
        message = "The first billing cycle of the plan has ended or counts something: its time zone stays."
        raise Refusal(RefusalCode.ALREADY_BOOKED, message, "timeZone")
    await session.send_built(
        update(subscriptions).where(in_account(subscriptions, account)).values(time_zone=time_zone)
    )
    corrected = await effective_plan_of(session, account)
    await postpone(session, account, corrected.cycle_ends_at)
    return corrected


async def zone_of(session: WriteSession, account: Authorized) -> str:
    """The time zone of the account's own subscription."""
    zone = select(subscriptions.c.time_zone).where(in_account(subscriptions, account))
    return str((await session.execute(zone)).scalar_one())


async def _is_booked(session: WriteSession, account: Authorized, effective: EffectivePlan) -> bool:
    number = cycle_number(anchored_at_of(accounts), time_zone_of(accounts), current_moment())
    counted = select(send_cycles.c.id).where(
        in_account(send_cycles, account), send_cycles.c.ends_at > effective.cycle_starts_at
    )
    bought = select(limit_increases.c.id).where(in_account(limit_increases, account))
    invoiced = select(charges.c.id).where(
        charges.c.master_id == account.master_id,
        charges.c.billed_id == account.account_id,
        charges.c.invoice_ends_at > effective.cycle_starts_at,
    )
    booked = or_(number > 0, counted.exists(), bought.exists(), invoiced.exists())
    statement = select(booked).where(this_account(accounts, account))
    return bool((await session.execute(statement)).scalar_one())
