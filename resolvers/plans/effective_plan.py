"""The plan, cycle and limits that hold for an account now, for the writes that decide by them."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select

from authz.guards.exclusive import Authorized
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import NAMED, columns_of, in_tree, this_account
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
    (row,) = await _EFFECTIVE.rows(session, columns_of(account))
    return EffectivePlan(
        account.master_id,
        AccountId(row["subscriber_id"]),
        row["subscribed"],
        catalogue_plan(row),
        row["starts_at"],
        row["ends_at"],
        row["contact_limit"],
        row["send_limit"],
    )


def catalogue_plan(row: Mapping[str, Any]) -> CataloguePlan:
    """The plan in a row of the catalogue."""
    return CataloguePlan(**{name: row[name] for name in _COLUMNS})


def _effective() -> FixedStatement:
    own, subscriber = accounts.alias(), accounts.alias()
    has_row = exists().where(
        in_tree(subscriptions, subscriber, account_id="id"), reads.has_begun(subscriptions)
    )
    found = (
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
        .where(this_account(own, NAMED))
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    columns = (column for column in found.c if column.name != "plan_id")
    plan = (plans.c[name] for name in _COLUMNS)
    return FixedStatement(select(*columns, *plan).join_from(found, plans, plans.c.id == found.c.plan_id))


_COLUMNS = tuple(CataloguePlan.__dataclass_fields__)
_EFFECTIVE = _effective()
