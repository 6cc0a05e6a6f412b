"""Charging the cycles of subscriptions, once each (R20, T20, T22).

A cycle costs the price of its last plan: a larger plan gave all its contacts and sends at once, a smaller one
waited. Bought contacts are charged beside it. Sends beyond the plan were paid from credit when they were
committed. They are on the invoice of the account whose credit paid, because nobody else agreed to them.
Nothing else is charged. The deployment decides whether a cycle costs its plan if the account was suspended
throughout it.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import DateTime, insert, literal, literal_column, select

from authz.guards.locks import lock_path
from authz.wall.worker_door import enter_as_worker
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import columns_of, in_account
from models.base.ids import AccountId, AccountKey, new_id
from models.billing.due import INVOICED_AFTER, cycles_to_charge
from models.billing.job_kinds import INVOICE_ISSUE
from models.billing.tables import charged_cycles, charges
from models.effects.jobs import Job
from models.plans.cycles import cycle_number, cycle_start
from resolvers.billing.billable import BillableItem, Cycle, billable_items, is_open
from resolvers.billing.invoiced_account import billed_id
from resolvers.billing.rounding import cents
from resolvers.billing.status_history import SuspendedAccounts
from resolvers.effects.jobs import enqueue_shared
from resolvers.plans.reads import anchored_at_of, is_subscriber_of, time_zone_of
from resolvers.rows.stored import stored


async def charge_cycle(session: WriteSession, due: AccountKey, suspended: SuspendedAccounts) -> bool:
    """Charge the first ended and uncharged cycle of the account's subscription. Returns whether it was
    charged.

    The cycle is not charged while one of its reservations can still be committed, or if another worker was
    first. The charges go onto invoices when these are due.
    """
    if not await enter_as_worker(session, due.master_id):
        return False
    await lock_path(session, due.master_id, due.account_id)
    cycle = await _ended(session, due)
    if cycle is None or await is_open(session, cycle):
        return False
    used = await billable_items(session, cycle, suspended)
    if used:
        await _charge(session, cycle, used)
    await session.send_built(stored(charged_cycles, columns_of(cycle), {"charged_until": cycle.ends_at}))
    return True


async def _ended(session: WriteSession, due: AccountKey) -> Cycle | None:
    found = cycles_to_charge()
    statement = select(found.c.starts_at, found.c.ends_at).where(in_account(found, due))
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Cycle(due.master_id, due.account_id, row.starts_at, row.ends_at)


async def _charge(session: WriteSession, cycle: Cycle, used: Sequence[BillableItem]) -> None:
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
    await session.execute_each(insert(charges), rows)
    await enqueue_shared(
        session,
        {
            Job(INVOICE_ISSUE, cycle.master_id, billed_id): period.ends_at + INVOICED_AFTER
            for billed_id, period in periods.items()
        },
    )


@dataclass(frozen=True)
class _Side:
    """An account's present name, and who is invoiced for what no credit has paid."""

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
    """The cycle of each invoiced account in which this one ends. The invoice is for that cycle."""
    own, subscriber = accounts.alias(), accounts.alias()
    anchored_at, zone = anchored_at_of(subscriber), time_zone_of(subscriber)
    # The end of a cycle is the moment before the next one begins.
    last = literal(cycle.ends_at - datetime.timedelta(microseconds=1), DateTime(timezone=True))
    number = cycle_number(anchored_at, zone, last)
    statement = (
        select(
            own.c.id,
            cycle_start(anchored_at, zone, number).label("starts_at"),
            cycle_start(anchored_at, zone, number + literal_column("1")).label("ends_at"),
        )
        .select_from(own.join(subscriber, is_subscriber_of(subscriber, own)))
        .where(own.c.master_id == cycle.master_id, own.c.id.in_(billed_ids))
    )
    rows = await session.execute(statement)
    return {
        AccountId(row.id): Cycle(cycle.master_id, AccountId(row.id), row.starts_at, row.ends_at)
        for row in rows
    }
