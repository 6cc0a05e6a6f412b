"""Plans and subscriptions for tests, written straight into the database."""

import datetime
import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from models.accounts.tables import Currency
from models.base.clock import current_moment
from models.base.ids import Kind, new_id, present
from models.plans.catalogue import CataloguePlan, plan_id
from models.plans.cycles import cycle_number, cycle_start
from models.plans.tables import limit_increases, plan_choices, plans, subscriptions
from tests.world.world import Account, World

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Plan:
    """A plan of the catalogue."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.PLAN, self.key)


FREE, STARTER, GROWTH, BUSINESS = (Plan(plan_id(plan, Currency.EUR)) for plan in CataloguePlan)


async def make_plan(world: World, **figures: Any) -> Plan:
    """A plan of its own in the catalogue: two contacts and twenty sends, subaccounts, nothing to buy."""
    plan, number = Plan(new_id()), next(_numbers)
    values = {
        "code": f"TEST-{number}-{plan.key}",
        "name": f"Test {number}",
        "currency": "EUR",
        "price": 0,
        "active_contacts": 2,
        "sends": 20,
        "subaccounts_allowed": True,
        "block_contacts": 1,
        "block_sends": 10,
    }
    async with world.database.begin() as connection:
        await connection.execute(insert(plans).values(id=plan.key, **values | figures))
    return plan


async def subscribe(
    world: World,
    account: Account,
    plan: Plan,
    time_zone: str = "UTC",
    anchored_at: datetime.datetime | None = None,
) -> None:
    """The account has the plan, since then or for a day."""
    since = anchored_at or datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    place = {"master_id": account.master, "account_id": account.key}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(subscriptions).values(**place, time_zone=time_zone, anchored_at=since)
        )
        await connection.execute(
            insert(plan_choices).values(**place, id=new_id(), plan_id=plan.key, holds_from=since)
        )


async def cancel_plan(world: World, account: Account) -> None:
    """The account never had a plan of its own."""
    async with world.database.begin() as connection:
        for table in (limit_increases, plan_choices, subscriptions):
            await connection.execute(delete(table).where(table.c.account_id == account.key))


async def choose(world: World, account: Account, plan: Plan, holds_from: datetime.datetime) -> None:
    """The account has chosen another plan, from then on."""
    place = {"master_id": account.master, "account_id": account.key}
    choice = {"id": new_id(), "plan_id": plan.key, "holds_from": holds_from}
    async with world.database.begin() as connection:
        await connection.execute(insert(plan_choices).values(**place, **choice))


async def buy(world: World, account: Account, contacts: int = 1) -> None:
    """So many contacts more, with as many sends, in the current cycle of its UTC subscription."""
    place = {"master_id": account.master, "account_id": account.key}
    amounts = {"contacts": contacts, "sends": contacts, "price": 1}
    subscription = subscriptions.c
    start = cycle_start(
        subscription.anchored_at,
        subscription.time_zone,
        cycle_number(subscription.anchored_at, subscription.time_zone, current_moment()),
    )
    starts_at = select(start).where(subscription.account_id == account.key).scalar_subquery()
    async with world.database.begin() as connection:
        await connection.execute(
            insert(limit_increases).values(**place, id=new_id(), cycle_starts_at=starts_at, **amounts)
        )


async def bought(world: World, account: Account) -> list[tuple[int, int, int]]:
    """What was bought for the account: contacts, sends, price."""
    columns = (limit_increases.c.contacts, limit_increases.c.sends, limit_increases.c.price)
    statement = select(*columns).where(limit_increases.c.account_id == account.key)
    async with world.database.connect() as connection:
        rows = await connection.execute(statement.order_by(limit_increases.c.id))
        return [(row.contacts, row.sends, row.price) for row in rows]
