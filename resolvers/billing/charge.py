"""Charging a subscription's cycle: what it costs becomes charges, once (R20, T20, T22).

The cycle costs its plan's price, by the plan that it ended with: a larger plan chosen in its middle gave all
of its contacts and sends at once, a smaller one waited. Contacts that were bought, and sends beyond the plan,
which were paid from credit when they were committed, come beside it, on the invoice of whose credit it was:
nobody else agreed to them. Nothing else is charged for. Whether a cycle costs its plan throughout which the
account was suspended, the deployment says.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    DateTime,
    and_,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guards.locks import lock_path
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.base.ids import AccountId, AccountKey, new_id
from models.billing.due import INVOICED_AFTER, cycles_to_charge
from models.billing.tables import charged_cycles, charges
from models.effects.jobs import Job, JobKind
from models.plans.cycles import cycle_number, cycle_start
from resolvers.billing.billable import Cycle, Usage, is_open, usage_of
from resolvers.billing.invoiced_account import billed_id
from resolvers.billing.rounding import cents
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.effects.jobs import enqueue_shared
from resolvers.plans.reads import anchored_at_of, subscriber_id, time_zone_of


async def charge_cycle(session: WriteSession, due: AccountKey, suspended: SuspendedAccounts) -> bool:
    """Charge the first cycle of the account's subscription that has ended and is not charged. Whether it was.

    It is not while something of it can still be committed, nor where another worker was first. What it costs
    is put on invoices when these are due.
    """
    if not await enter_as_worker(session, due.master_id):
        return False
    await lock_path(session, due.master_id, due.account_id)
    cycle = await _ended(session, due)
    if cycle is None or await is_open(session, cycle):
        return False
    used = await usage_of(session, cycle, suspended)
    if used:
        await _charge(session, cycle, used)
    charged = upsert(charged_cycles).values(
        master_id=cycle.master_id, account_id=cycle.account_id, charged_until=cycle.ends_at
    )
    await session.execute(
        charged.on_conflict_do_update(
            index_elements=["master_id", "account_id"], set_={"charged_until": charged.excluded.charged_until}
        )
    )
    return True


async def _ended(session: WriteSession, due: AccountKey) -> Cycle | None:
    found = cycles_to_charge().c
    statement = select(found.starts_at, found.ends_at).where(
        found.master_id == due.master_id, found.account_id == due.account_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Cycle(due.master_id, due.account_id, row.starts_at, row.ends_at)


async def _charge(session: WriteSession, cycle: Cycle, used: Sequence[Usage]) -> None:
    sides = await _sides(session, cycle, {usage.account_id for usage in used})
    billed = {usage: usage.payer_id or sides[usage.account_id].billed_id for usage in used}
    periods = await _periods(session, cycle, set(billed.values()))
    rows = []
    for usage in used:
        amount, period = cents(usage.quantity * usage.unit_price), periods[billed[usage]]
        rows.append(
            {
                "master_id": cycle.master_id,
                "account_id": usage.account_id,
                "id": new_id(),
                "billed_id": billed[usage],
                "account_name": sides[usage.account_id].name,
                "product": usage.product.value,
                "description": usage.description,
                "label": usage.label,
                "source_id": usage.source_id,
                "quantity": usage.quantity,
                "unit_price": usage.unit_price,
                "amount": amount,
                "prepaid": 0 if usage.payer_id is None else amount,
                "starts_at": cycle.starts_at,
                "ends_at": cycle.ends_at,
                "invoice_starts_at": period.starts_at,
                "invoice_ends_at": period.ends_at,
            }
        )
    await session.execute(insert(charges), rows)
    await enqueue_shared(
        session,
        {
            Job(JobKind.INVOICE_ISSUE, cycle.master_id, billed_id): period.ends_at + INVOICED_AFTER
            for billed_id, period in periods.items()
        },
    )


@dataclass(frozen=True)
class _Side:
    """An account's name as it is now, and on whose invoice comes what no credit has paid for."""

    billed_id: AccountId
    name: str


async def _sides(session: WriteSession, cycle: Cycle, account_ids: set[AccountId]) -> dict[AccountId, _Side]:
    ends_at = literal(cycle.ends_at, DateTime(timezone=True))
    statement = select(accounts.c.id, accounts.c.name, billed_id(accounts, ends_at).label("billed_id")).where(
        accounts.c.master_id == cycle.master_id, accounts.c.id.in_(account_ids)
    )
    rows = await session.execute(statement)
    return {AccountId(row.id): _Side(AccountId(row.billed_id), row.name) for row in rows}


async def _periods(session: WriteSession, cycle: Cycle, billed_ids: set[AccountId]) -> dict[AccountId, Cycle]:
    """The cycle of each billed account in which this one ends: its invoice is about that."""
    own, subscriber = accounts.alias(), accounts.alias()
    anchored_at, zone = anchored_at_of(subscriber), time_zone_of(subscriber)
    # The end of a cycle is the moment before the next one begins.
    last = literal(cycle.ends_at - datetime.timedelta(microseconds=1), DateTime(timezone=True))
    number = cycle_number(anchored_at, zone, last)
    joined = and_(subscriber.c.master_id == own.c.master_id, subscriber.c.id == subscriber_id(own))
    statement = (
        select(
            own.c.id,
            cycle_start(anchored_at, zone, number).label("starts_at"),
            cycle_start(anchored_at, zone, number + literal_column("1")).label("ends_at"),
        )
        .select_from(own.join(subscriber, joined))
        .where(own.c.master_id == cycle.master_id, own.c.id.in_(billed_ids))
    )
    rows = await session.execute(statement)
    return {
        AccountId(row.id): Cycle(cycle.master_id, AccountId(row.id), row.starts_at, row.ends_at)
        for row in rows
    }
