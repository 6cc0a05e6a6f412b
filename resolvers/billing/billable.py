"""What is charged for a cycle of a subscription: the plan, bought contacts, sends beyond the plan (R20,
R94)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, exists, func, literal, select

from engine.text.forms import sort_key
from engine.text.numbers import counted
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_account
from models.base.clock import current_moment
from models.base.ids import AccountId
from models.billing.tables import Product, charges
from models.plans.tables import limit_increases, plan_choices, plans
from models.sending.tables import ReservationStatus, send_cycles, send_reservations
from resolvers.billing.status_history import Span, SuspendedAccounts, was_closed_throughout, was_out_of_use

Cycle = Span
"""A cycle of an account's own subscription, half-open."""


@dataclass(frozen=True)
class BillableItem:
    """Something to charge an account for. Prices in micro-units. `payer_id`: the account whose credit paid
    for it already; None: it is unpaid. `label`: of labelled sends."""

    account_id: AccountId
    product: Product
    description: str
    source_id: uuid.UUID
    unit_price: int
    quantity: int = 1
    payer_id: AccountId | None = None
    label: str | None = None


async def billable_items(
    session: WriteSession, cycle: Cycle, suspended: SuspendedAccounts
) -> list[BillableItem]:
    """All items that are not charged yet. Bought contacts and sends are charged in any status."""
    return [
        *await _plan(session, cycle, suspended),
        *await _bought(session, cycle),
        *await _sent(session, cycle),
    ]


async def is_open(session: WriteSession, cycle: Cycle) -> bool:
    """Whether a reservation of the cycle can still be committed."""
    waits = exists().where(
        _of_cycle(cycle),
        send_reservations.c.status == ReservationStatus.RESERVED.value,
        send_reservations.c.expires_at > current_moment(),
    )
    return bool((await session.execute(select(waits))).scalar_one())


async def _plan(session: WriteSession, cycle: Cycle, suspended: SuspendedAccounts) -> list[BillableItem]:
    """The plan at the end of the cycle. None where it is free, where the account was closed throughout the
    cycle, or where the account was suspended throughout it and that is not charged."""
    if await was_closed_throughout(session, cycle):
        return []
    if suspended is SuspendedAccounts.PAUSE and await was_out_of_use(session, cycle):
        return []
    choice = plan_choices.c
    statement = (
        select(plans.c.id, plans.c.name, plans.c.price)
        .select_from(plan_choices.join(plans, plans.c.id == choice.plan_id))
        .where(
            in_account(plan_choices, cycle), choice.holds_from < cycle.ends_at, choice.withdrawn_at.is_(None)
        )
        .order_by(choice.holds_from.desc(), choice.id.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None or row.price == 0:
        return []
    return [BillableItem(cycle.account_id, Product.PLAN, f"Plan {row.name}", row.id, row.price)]


async def _bought(session: WriteSession, cycle: Cycle) -> list[BillableItem]:
    """Bought contacts (R94)."""
    increase = limit_increases.c
    statement = select(*increase).where(
        in_account(limit_increases, cycle),
        increase.cycle_starts_at < cycle.ends_at,
        ~_is_charged(cycle, Product.CONTACT_BLOCK, increase.account_id, increase.id),
    )
    return [
        BillableItem(
            cycle.account_id,
            Product.CONTACT_BLOCK,
            f"{counted(row.contacts, 'more contact')}, with {counted(row.sends, 'send')}",
            row.id,
            row.price,
        )
        for row in await session.execute(statement.order_by(increase.id))
    ]


async def _sent(session: WriteSession, cycle: Cycle) -> list[BillableItem]:
    """Sends beyond the plan, by account and label (R19, R56)."""
    reservation = send_reservations.c
    unit_price = (reservation.price // reservation.beyond).label("unit_price")
    source = (reservation.account_id, reservation.cycle_id, reservation.payer_id)
    line = (*source, reservation.label, unit_price)
    statement = (
        select(
            *line,
            func.sum(reservation.beyond).label("sends"),
        )
        .where(
            _of_cycle(cycle),
            reservation.price > 0,
            reservation.status == ReservationStatus.COMMITTED.value,
            ~_is_charged(cycle, Product.SENDS_BEYOND, reservation.account_id, reservation.cycle_id),
        )
        .group_by(*line)
    )
    sent = [
        BillableItem(
            AccountId(row.account_id),
            Product.SENDS_BEYOND,
            "Sends beyond the plan's" if row.label is None else f"Sends beyond the plan's: {row.label}",
            row.cycle_id,
            row.unit_price,
            int(row.sends),
            payer_id=AccountId(row.payer_id),
            label=row.label,
        )
        for row in await session.execute(statement)
    ]
    return sorted(sent, key=_place)


def _place(usage: BillableItem) -> tuple[object, ...]:
    """The order on an invoice: by account, without a label last."""
    label = usage.label or ""
    return usage.account_id, str(usage.source_id), not label, sort_key(label), label, usage.unit_price


def _of_cycle(cycle: Cycle) -> ColumnElement[bool]:
    """Reservations of the cycle, or of a part-cycle that ended with the account's first plan."""
    counted = select(send_cycles.c.id).where(
        in_account(send_cycles, cycle), send_cycles.c.starts_at < cycle.ends_at
    )
    return and_(send_reservations.c.master_id == cycle.master_id, send_reservations.c.cycle_id.in_(counted))


def _is_charged(
    cycle: Cycle, product: Product, account_id: ColumnElement[uuid.UUID], source_id: ColumnElement[uuid.UUID]
) -> ColumnElement[bool]:
    charge = charges.alias()
    return exists().where(
        charge.c.master_id == cycle.master_id,
        charge.c.account_id == account_id,
        charge.c.product == literal(product.value, Text),
        charge.c.source_id == source_id,
    )
