"""Which plan an account has from when on: a first one of its own, or another choice (T20, T22)."""

import datetime

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guard import Authorized
from authz.refusals import Refusal, RefusalCode
from engine.write_sessions import WriteSession
from models.clock import current_moment
from models.identifiers import new_id
from models.plans import plan_choices, subscriptions
from models.sends import send_cycles
from resolvers.terms import Plan, Terms, terms_of


async def subscribe(
    session: WriteSession, account: Authorized, terms: Terms, plan: Plan, time_zone: str
) -> None:
    """Give the account its first plan of its own: now, or when the cycle ends whose plan gives more.

    One that waits already is replaced. What a master account has used of the running cycle is used of the
    first one of its plan: else changing from what it has by default would give it all limits anew. Raises
    BAD_USER_INPUT.
    """
    known = func.pg_timezone_names().table_valued("name").c.name
    if not (await session.execute(select(exists().where(known == time_zone)))).scalar_one():
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Not an IANA time zone.", "timeZone")
    begins = _holds_from(plan, terms)
    await withdraw_waiting(session, account)
    begun = upsert(subscriptions).values(**_key(account), time_zone=time_zone, anchored_at=begins)
    replaced = {"time_zone": begun.excluded.time_zone, "anchored_at": begun.excluded.anchored_at}
    await session.execute(
        begun.on_conflict_do_update(index_elements=["master_id", "account_id"], set_=replaced)
    )
    await _add(session, account, plan, begins)
    if terms.subscriber_id == account.account_id:
        await _carry_over(session, account, terms)


async def choose_again(session: WriteSession, account: Authorized, terms: Terms, plan: Plan) -> bool:
    """Let an account with a plan of its own have another one. Whether anything was changed."""
    withdrawn = await withdraw_waiting(session, account)
    if plan.id == terms.plan.id:
        return withdrawn
    await _add(session, account, plan, _holds_from(plan, terms))
    return True


async def _carry_over(session: WriteSession, account: Authorized, before: Terms) -> None:
    now, cycle = await terms_of(session, account), send_cycles.c
    await session.execute(
        update(send_cycles)
        .where(
            cycle.master_id == account.master_id,
            cycle.account_id == account.account_id,
            cycle.starts_at == before.cycle_starts_at,
        )
        .values(starts_at=now.cycle_starts_at, ends_at=now.cycle_ends_at)
    )


def _holds_from(plan: Plan, terms: Terms) -> datetime.datetime | ColumnElement[datetime.datetime]:
    return current_moment() if plan.gives_at_least(terms.plan) else terms.cycle_ends_at


async def withdraw_waiting(session: WriteSession, account: Authorized) -> bool:
    """Take back what waits. Whether there was something."""
    choice = plan_choices.c
    withdrawn = await session.execute(
        update(plan_choices)
        .where(
            and_(choice.master_id == account.master_id, choice.account_id == account.account_id),
            choice.withdrawn_at.is_(None),
            choice.holds_from > current_moment(),
        )
        .values(withdrawn_at=current_moment())
        .returning(choice.id)
    )
    return withdrawn.first() is not None


async def _add(
    session: WriteSession,
    account: Authorized,
    plan: Plan,
    holds_from: datetime.datetime | ColumnElement[datetime.datetime],
) -> None:
    values = {"id": new_id(), "plan_id": plan.id, "holds_from": holds_from}
    await session.execute(insert(plan_choices).values(**_key(account), **values))


def _key(account: Authorized) -> dict[str, object]:
    return {"master_id": account.master_id, "account_id": account.account_id}
