"""The plan, cycle and limits that hold for an account now, for the writes that decide by them."""

import datetime
from dataclasses import dataclass

from sqlalchemy import Row, exists, select

from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import in_tree, this_account
from models.base.ids import AccountId, MasterId, PlanId
from models.plans.tables import plans, subscriptions
from resolvers.plans import reads


@dataclass(frozen=True)
class CataloguePlan:
    """A plan of the catalogue. Prices in micro-units. `send_price` None: no sends beyond the plan's."""

    id: PlanId
    code: str
    price: int
    active_contacts: int
    sends: int
    send_price: int | None
    subaccounts_allowed: bool
    block_contacts: int
    block_sends: int
    block_price: int | None

    def gives_at_least(self, other: "CataloguePlan") -> bool:
        """Whether it gives all that the other plan gives, so that it can hold at once (T22).

        A higher price of sends beyond the plan's, or no blocks for sale, gives less.
        """
        beyond = other.send_price is None or (
            self.send_price is not None and self.send_price <= other.send_price
        )
        blocks = self.block_price is not None or other.block_price is None
        below = self.subaccounts_allowed or not other.subaccounts_allowed
        counts = self.active_contacts >= other.active_contacts and self.sends >= other.sends
        return counts and beyond and blocks and below


@dataclass(frozen=True)
class EffectivePlan:
    """Whose subscription an account uses now, its plan, its cycle (half-open) and its limits."""

    master_id: MasterId
    subscriber_id: AccountId
    subscribed: bool
    """False: the tree never chose a plan, and has the default one."""
    plan: CataloguePlan
    cycle_starts_at: datetime.datetime
    cycle_ends_at: datetime.datetime
    contact_limit: int
    send_limit: int


async def effective_plan_of(session: WriteSession, account: Authorized) -> EffectivePlan:
    """What holds for an account. Its path is locked, so that this stays."""
    own, subscriber = accounts.alias(), accounts.alias()
    has_row = exists().where(
        in_tree(subscriptions, subscriber, account_id="id"), reads.has_begun(subscriptions)
    )
    statement = (
        select(
            subscriber.c.id.label("subscriber_id"),
            has_row.label("subscribed"),
            reads.plan_id_of(subscriber).label("plan_id"),
            reads.cycle_starts_at_of(subscriber).label("starts_at"),
            reads.cycle_ends_at_of(subscriber).label("ends_at"),
            reads.contact_limit_of(subscriber).label("contact_limit"),
            reads.send_limit_of(subscriber).label("send_limit"),
        )
        .select_from(own.join(subscriber, reads.is_subscriber_of(subscriber, own)))
        .where(this_account(own, account))
    )
    row = (await session.execute(statement)).one()
    plan = (await session.execute(select(plans).where(plans.c.id == row.plan_id))).one()
    return EffectivePlan(
        account.master_id,
        AccountId(row.subscriber_id),
        row.subscribed,
        catalogue_plan(plan),
        row.starts_at,
        row.ends_at,
        row.contact_limit,
        row.send_limit,
    )


def catalogue_plan(row: Row[*tuple[object, ...]]) -> CataloguePlan:
    """The plan in a row of the catalogue."""
    return CataloguePlan(**{name: row._mapping[name] for name in CataloguePlan.__dataclass_fields__})
