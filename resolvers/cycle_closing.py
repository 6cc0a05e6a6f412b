"""Closing a subscription's cycle: what it costs becomes charges, once (R20, T20, T22).

The cycle costs its plan's price, by the plan that it ended with: a larger plan chosen in its middle gave all
of its contacts and sends at once, a smaller one waited. Contacts that were bought, and sends beyond the plan,
which were paid from credit when they were committed, come beside it. Nothing else is charged for.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Text,
    and_,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from authz import billing_functions
from authz.guard import lock_path
from models.accounts import AccountStatus, accounts
from models.billing import Product, charges, cycle_closings
from models.clock import current_moment
from models.cycle_closing import cycles_to_close
from models.cycles import cycle_number, cycle_start
from models.events import events
from models.identifiers import AccountId, MasterId, new_id
from models.plans import limit_increases, plan_choices, plans
from models.sends import ReservationStatus, send_cycles, send_reservations
from resolvers.billing import billed_id
from resolvers.events import EventKind
from resolvers.invoice_amounts import cents
from resolvers.plans import anchored_at_of, subscriber_id, time_zone_of

BATCH = 100
"""So many are looked at before others are looked for."""


@dataclass(frozen=True)
class AccountDue:
    """An account that has something to be closed or invoiced."""

    master_id: MasterId
    account_id: AccountId


@dataclass(frozen=True)
class Cycle:
    """A cycle of an account's own subscription, half-open."""

    master_id: MasterId
    account_id: AccountId
    starts_at: datetime.datetime
    ends_at: datetime.datetime


@dataclass(frozen=True)
class Usage:
    """What an account used of a cycle. Prices in micro-units; `prepaid`: it was paid from credit."""

    account_id: AccountId
    product: Product
    description: str
    source_id: uuid.UUID
    unit_price: int
    quantity: int = 1
    prepaid: bool = False


async def closings_due(session: AsyncSession, after: AccountId | None) -> Sequence[AccountDue]:
    """Up to BATCH of them, those whose ids come after that one."""
    rows = await session.execute(billing_functions.closings_due(after or uuid.UUID(int=0), BATCH))
    return [AccountDue(MasterId(row.tree), AccountId(row.account)) for row in rows]


async def close_cycle(session: AsyncSession, due: AccountDue) -> bool:
    """Close the first cycle of the account's subscription that has ended and is not closed. Whether it was.

    It is not while something of it can still be committed, nor where another worker was first.
    """
    if not await billing_functions.enter_to_bill(session, due.master_id):
        return False
    await lock_path(session, due.master_id, due.account_id)
    cycle = await _ended(session, due)
    if cycle is None or await _is_open(session, cycle):
        return False
    used = [*await _plan(session, cycle), *await _bought(session, cycle), *await _sent(session, cycle)]
    if used:
        await _charge(session, cycle, used)
    closing = upsert(cycle_closings).values(
        master_id=cycle.master_id, account_id=cycle.account_id, closed_until=cycle.ends_at
    )
    await session.execute(
        closing.on_conflict_do_update(
            index_elements=["master_id", "account_id"], set_={"closed_until": closing.excluded.closed_until}
        )
    )
    return True


async def _ended(session: AsyncSession, due: AccountDue) -> Cycle | None:
    found = cycles_to_close(due.master_id)
    statement = select(found.c.starts_at, found.c.ends_at).where(found.c.account_id == due.account_id)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Cycle(due.master_id, due.account_id, row.starts_at, row.ends_at)


async def _is_open(session: AsyncSession, cycle: Cycle) -> bool:
    waits = exists().where(
        _of_cycle(cycle),
        send_reservations.c.status == ReservationStatus.RESERVED.value,
        send_reservations.c.expires_at > current_moment(),
    )
    return bool((await session.execute(select(waits))).scalar_one())


async def _plan(session: AsyncSession, cycle: Cycle) -> list[Usage]:
    """The plan that the cycle ended with; nothing where it is free, or the account was closed before."""
    choice, event = plan_choices.c, events.c
    closed_at = select(func.min(event.created_at)).where(
        event.master_id == cycle.master_id,
        event.account_id == cycle.account_id,
        event.kind == EventKind.ACCOUNT_CLOSED.value,
        accounts.c.status == AccountStatus.CLOSED.value,
    )
    closed_before = closed_at.correlate(accounts).scalar_subquery() <= cycle.starts_at
    statement = (
        select(plans.c.id, plans.c.name, plans.c.price)
        .select_from(plan_choices.join(plans, plans.c.id == choice.plan_id))
        .join(accounts, and_(accounts.c.master_id == choice.master_id, accounts.c.id == choice.account_id))
        .where(
            choice.master_id == cycle.master_id,
            choice.account_id == cycle.account_id,
            choice.holds_from < cycle.ends_at,
            choice.withdrawn_at.is_(None),
            func.coalesce(closed_before, literal_column("false")).is_(False),
        )
        .order_by(choice.holds_from.desc(), choice.id.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None or row.price == 0:
        return []
    return [Usage(cycle.account_id, Product.PLAN, f"Plan {row.name}", row.id, row.price)]


async def _bought(session: AsyncSession, cycle: Cycle) -> list[Usage]:
    """Contacts beyond the plan's (R94)."""
    increase = limit_increases.c
    statement = select(*increase).where(
        increase.master_id == cycle.master_id,
        increase.account_id == cycle.account_id,
        increase.cycle_starts_at < cycle.ends_at,
        ~_is_charged(Product.CONTACT_BLOCK, increase.account_id, increase.id),
    )
    return [
        Usage(
            cycle.account_id,
            Product.CONTACT_BLOCK,
            f"{row.contacts:,} more contacts, with {row.sends:,} sends",
            row.id,
            row.price,
        )
        for row in await session.execute(statement.order_by(increase.id))
    ]


async def _sent(session: AsyncSession, cycle: Cycle) -> list[Usage]:
    """Sends beyond the plan's, of each account that uses the subscription (R19)."""
    reservation = send_reservations.c
    unit_price = (reservation.price // reservation.beyond).label("unit_price")
    statement = (
        select(
            reservation.account_id,
            reservation.cycle_id,
            unit_price,
            func.sum(reservation.beyond).label("sends"),
        )
        .where(
            _of_cycle(cycle),
            reservation.price > 0,
            reservation.status == ReservationStatus.COMMITTED.value,
            ~_is_charged(Product.SENDS_BEYOND, reservation.account_id, reservation.cycle_id),
        )
        .group_by(reservation.account_id, reservation.cycle_id, unit_price)
        .order_by(reservation.account_id, reservation.cycle_id, unit_price)
    )
    return [
        Usage(
            AccountId(row.account_id),
            Product.SENDS_BEYOND,
            "Sends beyond the plan's",
            row.cycle_id,
            row.unit_price,
            int(row.sends),
            prepaid=True,
        )
        for row in await session.execute(statement)
    ]


def _of_cycle(cycle: Cycle) -> ColumnElement[bool]:
    """Reservations counted in it; or before it, in a piece that ended with the account's first plan."""
    counted = select(send_cycles.c.id).where(
        send_cycles.c.master_id == cycle.master_id,
        send_cycles.c.account_id == cycle.account_id,
        send_cycles.c.starts_at < cycle.ends_at,
    )
    return and_(send_reservations.c.master_id == cycle.master_id, send_reservations.c.cycle_id.in_(counted))


def _is_charged(
    product: Product, account_id: ColumnElement[uuid.UUID], source_id: ColumnElement[uuid.UUID]
) -> ColumnElement[bool]:
    charge = charges.alias()
    return exists().where(
        charge.c.account_id == account_id,
        charge.c.product == literal(product.value, Text),
        charge.c.source_id == source_id,
    )


async def _charge(session: AsyncSession, cycle: Cycle, used: Sequence[Usage]) -> None:
    billed = await _billed(session, cycle, {usage.account_id for usage in used})
    periods = await _periods(session, cycle, {one.billed_id for one in billed.values()})
    rows = []
    for usage in used:
        whose, amount = billed[usage.account_id], cents(usage.quantity * usage.unit_price)
        period = periods[whose.billed_id]
        rows.append(
            {
                "master_id": cycle.master_id,
                "account_id": usage.account_id,
                "id": new_id(),
                "billed_id": whose.billed_id,
                "account_name": whose.account_name,
                "product": usage.product.value,
                "description": usage.description,
                "source_id": usage.source_id,
                "quantity": usage.quantity,
                "unit_price": usage.unit_price,
                "amount": amount,
                "prepaid": amount if usage.prepaid else 0,
                "starts_at": cycle.starts_at,
                "ends_at": cycle.ends_at,
                "invoice_starts_at": period.starts_at,
                "invoice_ends_at": period.ends_at,
            }
        )
    await session.execute(insert(charges), rows)


@dataclass(frozen=True)
class _Billed:
    """On whose invoice an account's charges come, and its name as it is now."""

    billed_id: AccountId
    account_name: str


async def _billed(
    session: AsyncSession, cycle: Cycle, account_ids: set[AccountId]
) -> dict[AccountId, _Billed]:
    ends_at = literal(cycle.ends_at, DateTime(timezone=True))
    statement = select(accounts.c.id, accounts.c.name, billed_id(accounts, ends_at).label("billed_id")).where(
        accounts.c.master_id == cycle.master_id, accounts.c.id.in_(account_ids)
    )
    rows = await session.execute(statement)
    return {AccountId(row.id): _Billed(AccountId(row.billed_id), row.name) for row in rows}


async def _periods(session: AsyncSession, cycle: Cycle, billed_ids: set[AccountId]) -> dict[AccountId, Cycle]:
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
