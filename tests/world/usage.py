"""What is used of cycles, for tests: written straight into the database."""

import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from models.accounts.tables import accounts
from models.base.clock import current_moment
from models.base.ids import new_id
from models.plans.cycles import cycle_number, cycle_start
from models.plans.tables import subscriptions
from models.sending.tables import send_counts, send_cycles
from tests.client.api import Api, Caller
from tests.world.world import Account, World


async def give_sends(
    world: World,
    account: Account,
    sends: int,
    *,
    contacts: int = 0,
    subscriber: Account | None = None,
    cycles_ago: int = 0,
) -> None:
    """The account has sent so many, in a cycle of the subscriber or of its master account."""
    payer = account.master if subscriber is None else subscriber.key
    place = {"master_id": account.master, "account_id": payer}
    counts = {"contacts": contacts, "sends": sends}
    cycle = send_cycles.c
    async with world.database.begin() as connection:
        bounds = select(
            _start(payer, cycles_ago).label("starts_at"), _start(payer, cycles_ago - 1).label("ends_at")
        )
        when = dict((await connection.execute(bounds)).one()._mapping)
        counted = upsert(send_cycles).values(**place, **counts, id=new_id(), **when)
        cycle_id = await connection.execute(
            counted.on_conflict_do_update(
                index_elements=["master_id", "account_id", "starts_at"],
                set_={name: cycle[name] + amount for name, amount in counts.items()},
            ).returning(cycle.id)
        )
        here = {"master_id": account.master, "account_id": account.key, "cycle_id": cycle_id.scalar_one()}
        mine = upsert(send_counts).values(**here, sends=sends)
        key = ["master_id", "cycle_id", "account_id"]
        await connection.execute(
            mine.on_conflict_do_update(index_elements=key, set_={"sends": send_counts.c.sends + sends})
        )


def _start(subscriber: object, cycles_ago: int) -> ColumnElement[datetime.datetime]:
    """Of a subscription, or, without one, of what every tree begins with."""
    account, subscription = accounts.c, subscriptions.c
    anchored = select(subscription.anchored_at).where(subscription.account_id == subscriber)
    zone = select(subscription.time_zone).where(subscription.account_id == subscriber)
    made = select(account.created_at).where(account.id == subscriber)
    anchored_at = func.coalesce(anchored.scalar_subquery(), made.scalar_subquery())
    time_zone = func.coalesce(zone.scalar_subquery(), literal("UTC"))
    number = cycle_number(anchored_at, time_zone, current_moment())
    return cycle_start(anchored_at, time_zone, number - cycles_ago)


BERLIN = "Europe/Berlin"
MIDNIGHT = datetime.datetime(2027, 2, 28, 23, tzinfo=datetime.UTC)
"""In Berlin, where a cycle begins that lasts until 31 March, 22:00 in UTC."""

FIGURES = (
    "startsAt endsAt sent activeContacts { used limit } sends { used limit beyond capLeft } warnings actions"
)
DAYS = "forecast { runsOutOn contactsRunOutOn sendsRunOutOn creditRunsOutOn }"


async def usage_of(api: Api, caller: Caller, account: Account, shown: str, cycle: str = "CURRENT") -> Any:
    """What the caller is shown of a cycle's usage."""
    selected = f"usage(cycle: $cycle) {{ {shown} }}"
    query = f"query ($id: ID!, $cycle: UsageCycle!) {{ account(id: $id) {{ {selected} }} }}"
    return (await api.read(query, caller, id=account.id, cycle=cycle))["account"]["usage"]
