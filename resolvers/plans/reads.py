"""Plans and subscriptions, as viewers of an account's plan see them."""

import datetime
import uuid
from typing import Annotated, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    literal_column,
    select,
)

from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree, nearest_above
from models.base.clock import current_moment
from models.base.ids import Kind
from models.plans.catalogue import DEFAULT_PLAN
from models.plans.cycles import UNSUBSCRIBED_ZONE, cycle_number, cycle_start, unsubscribed_anchor
from models.plans.tables import limit_increases, plan_choices, plans, subscriptions
from resolvers.credit.reads import currency_of
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import account_behind

BY_PRICE = Order("plans", (plans.c.price, plans.c.active_contacts, plans.c.id))
"""By price, then by size."""
_DEFAULT_CODE = literal_column(f"'{DEFAULT_PLAN.name}'", Text)


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.PLAN)]) -> Select[Any]:
    """A plan of the catalogue. Everybody may see it."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.id == id)


def on_offer(account: FromClause) -> Select[Any]:
    """The plans on offer in the tree's currency, cheapest first."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.currency == currency_of(account), plan.c.on_offer)


def subscription_of(account: FromClause) -> Select[Any]:
    """The subscription that the account uses: its own, or that of the nearest account above."""
    subscriber = accounts.alias()
    return select(*subscriber.c).where(is_subscriber_of(subscriber, account))


def is_subscriber_of(subscriber: FromClause, account: FromClause) -> ColumnElement[bool]:
    """Whether a row of accounts is the account whose subscription the other one uses."""
    return and_(in_tree(subscriber, account), subscriber.c.id == subscriber_id(account))


def subscriber_id(account: FromClause) -> ColumnElement[uuid.UUID]:
    """The account whose subscription is used: the nearest with one that has begun, or the master account."""
    subscription = subscriptions.alias()
    nearest = nearest_above(account, subscription, "account_id", has_begun(subscription))
    return func.coalesce(nearest, account.c.master_id)


def has_begun(subscription: FromClause) -> ColumnElement[bool]:
    """Whether a subscription holds already. One that begins with a smaller plan waits."""
    return subscription.c.anchored_at <= current_moment()


def account_of(subscriber: FromClause) -> Select[Any]:
    """The account that has the subscription; null if it is outside your reach."""
    return account_behind(subscriber, "id")


def plan_of(subscriber: FromClause) -> Select[Any]:
    """The current plan."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.id == plan_id_of(subscriber))


def next_plan_of(subscriber: FromClause) -> Select[Any]:
    """The plan from the next billing cycle on; null if it stays the same."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.id == next_plan_id_of(subscriber))


def waiting_plan_of(account: FromClause) -> Select[Any]:
    """The account's first plan of its own, which starts when the current billing cycle of the account above
    ends; null if none is scheduled."""
    plan, subscription = plans.alias(), subscriptions.alias()
    waits = exists(
        select(subscription.c.account_id)
        .where(_of(subscription, account), ~has_begun(subscription))
        .correlate_except(subscription)
    )
    return select(*plan.c).where(plan.c.id == next_plan_id_of(account), waits)


def plan_id_of(subscriber: FromClause) -> ColumnElement[uuid.UUID]:
    """The id of the plan that holds now."""
    return plan_id_at(subscriber, current_moment())


def plan_id_at(subscriber: FromClause, moment: ColumnElement[datetime.datetime]) -> ColumnElement[uuid.UUID]:
    """The id of the plan at a moment: the last choice that held, or the default plan."""
    plan, choice = plans.alias(), plan_choices.alias()
    default = (
        select(plan.c.id)
        .where(plan.c.currency == currency_of(subscriber), plan.c.code == _DEFAULT_CODE)
        .correlate(subscriber)
        .scalar_subquery()
    )
    chosen = (
        select(choice.c.plan_id)
        .where(_chosen(choice, subscriber), choice.c.holds_from <= moment)
        .order_by(choice.c.holds_from.desc(), choice.c.id.desc())
        .limit(1)
        .correlate_except(choice)
        .scalar_subquery()
    )
    return func.coalesce(chosen, default)


def next_plan_id_of(subscriber: FromClause) -> ColumnElement[uuid.UUID]:
    """The id of the plan that waits for the next cycle."""
    choice = plan_choices.alias()
    return (
        select(choice.c.plan_id)
        .where(_chosen(choice, subscriber), choice.c.holds_from > current_moment())
        .limit(1)
        .correlate(subscriber)
        .scalar_subquery()
    )


def time_zone_of(subscriber: FromClause) -> ColumnElement[str]:
    """The IANA time zone in which billing cycles start at midnight; UTC if none was chosen."""
    subscription = subscriptions.alias()
    chosen = select(subscription.c.time_zone).where(_of(subscription, subscriber), has_begun(subscription))
    return func.coalesce(chosen.correlate(subscriber).scalar_subquery(), UNSUBSCRIBED_ZONE)


def anchor_day_of(subscriber: FromClause) -> ColumnElement[int]:
    """The day of the month on which billing cycles start, 1 to 31. Shorter months use their last day."""
    local = func.timezone(time_zone_of(subscriber), anchored_at_of(subscriber))
    return cast(func.extract("day", local), Integer)


def anchored_at_of(subscriber: FromClause) -> ColumnElement[datetime.datetime]:
    """The moment that cycles are counted from: that of the subscription, or else the account's creation."""
    subscription = subscriptions.alias()
    chosen = select(subscription.c.anchored_at).where(_of(subscription, subscriber), has_begun(subscription))
    return func.coalesce(chosen.correlate(subscriber).scalar_subquery(), unsubscribed_anchor(subscriber))


def cycle_starts_at_of(subscriber: FromClause) -> ColumnElement[datetime.datetime]:
    """When the current billing cycle started."""
    return _cycle_start(subscriber, 0)


def cycle_ends_at_of(subscriber: FromClause) -> ColumnElement[datetime.datetime]:
    """When the next billing cycle starts. That moment belongs to it."""
    return _cycle_start(subscriber, 1)


def contact_limit_of(subscriber: FromClause) -> ColumnElement[int]:
    """The number of contacts that can become active in this billing cycle: those of the plan and those
    bought."""
    return _limit(subscriber, "active_contacts", "contacts")


def send_limit_of(subscriber: FromClause) -> ColumnElement[int]:
    """The number of sends included in this billing cycle: those of the plan and those bought."""
    return _limit(subscriber, "sends", "sends")


def _limit(subscriber: FromClause, of_plan: str, bought: str) -> ColumnElement[int]:
    plan = plans.alias()
    base = select(plan.c[of_plan]).where(plan.c.id == plan_id_of(subscriber))
    more = bought_in(subscriber, cycle_starts_at_of(subscriber), bought)
    return cast(base.correlate(subscriber).scalar_subquery() + more, plans.c.sends.type)


def bought_in(
    subscriber: FromClause, starts_at: ColumnElement[datetime.datetime], bought: str
) -> ColumnElement[int]:
    """How many `contacts` or `sends` were bought for the cycle that begins then."""
    increase = limit_increases.alias()
    return (
        select(func.coalesce(func.sum(increase.c[bought]), literal_column("0")))
        .where(in_tree(increase, subscriber, account_id="id"), increase.c.cycle_starts_at == starts_at)
        .correlate_except(increase)
        .scalar_subquery()
    )


def _cycle_start(subscriber: FromClause, later: int) -> ColumnElement[datetime.datetime]:
    anchored_at, zone = anchored_at_of(subscriber), time_zone_of(subscriber)
    number = cycle_number(anchored_at, zone, current_moment())
    return cycle_start(anchored_at, zone, number + literal_column(str(later), Integer))


def _chosen(choice: FromClause, subscriber: FromClause) -> ColumnElement[bool]:
    return and_(_of(choice, subscriber), choice.c.withdrawn_at.is_(None))


def _of(table: FromClause, subscriber: FromClause) -> ColumnElement[bool]:
    return in_tree(table, subscriber, account_id="id")
