"""Plans and subscriptions as those who may see an account's plan see them."""

import datetime
import uuid
from typing import Any

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

from authz.reach.reach import readable_account
from engine.declare.paging import Order
from models.accounts.tables import account_closure, accounts
from models.base.clock import current_moment
from models.plans.catalogue import DEFAULT_PLAN
from models.plans.cycles import UNSUBSCRIBED_ZONE, cycle_number, cycle_start, unsubscribed_anchor
from models.plans.tables import limit_increases, plan_choices, plans, subscriptions
from resolvers.credit.reads import currency_of
from resolvers.inputs.global_ids import PlanIdArgument

BY_PRICE = Order("plans", (plans.c.price, plans.c.active_contacts, plans.c.id))
_DEFAULT_CODE = literal_column(f"'{DEFAULT_PLAN.name}'", Text)


def by_id(root: FromClause, id: PlanIdArgument) -> Select[Any]:
    """A plan of the catalogue, known to everybody."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.id == id)


def order(**_: object) -> Order:
    """Those of the catalogue by their price, then by their size."""
    return BY_PRICE


def on_offer(account: FromClause) -> Select[Any]:
    """The plans that are sold in the tree's currency, the cheapest first."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.currency == currency_of(account), plan.c.on_offer)


def subscription_of(account: FromClause) -> Select[Any]:
    """The subscription that the account uses: its own, or else that of the nearest account above (R18)."""
    subscriber = accounts.alias()
    return select(*subscriber.c).where(
        subscriber.c.id == subscriber_id(account), subscriber.c.master_id == account.c.master_id
    )


def subscriber_id(account: FromClause) -> ColumnElement[uuid.UUID]:
    """The account whose subscription it is: the nearest in which one has begun, or the master account."""
    path, subscription = account_closure.alias(), subscriptions.alias()
    own = and_(
        subscription.c.master_id == path.c.master_id,
        subscription.c.account_id == path.c.ancestor_id,
        has_begun(subscription),
    )
    nearest = (
        select(path.c.ancestor_id)
        .select_from(path.join(subscription, own))
        .where(path.c.master_id == account.c.master_id, path.c.descendant_id == account.c.id)
        .order_by(path.c.depth)
        .limit(1)
        .correlate(account)
        .scalar_subquery()
    )
    return func.coalesce(nearest, account.c.master_id)


def has_begun(subscription: FromClause) -> ColumnElement[bool]:
    """Whether a subscription holds already: one that begins with a smaller plan waits (T22)."""
    return subscription.c.anchored_at <= current_moment()


def account_of(subscriber: FromClause) -> Select[Any]:
    """The account that has the subscription; null where it is outside the viewer's reach."""
    account, statement = readable_account()
    return statement.where(
        account.c.id == subscriber.c.id, account.c.master_id == subscriber.c.master_id
    ).limit(1)


def plan_of(subscriber: FromClause) -> Select[Any]:
    """The plan that holds now."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.id == plan_id_of(subscriber))


def next_plan_of(subscriber: FromClause) -> Select[Any]:
    """The plan that takes its place with the next cycle; null: it stays."""
    plan = plans.alias()
    return select(*plan.c).where(plan.c.id == next_plan_id_of(subscriber))


def waiting_plan_of(account: FromClause) -> Select[Any]:
    """The account's first plan of its own, where it waits for the end of the running cycle of the account
    above; null: there is none that waits."""
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
    """The id of the plan at a moment: the last choice that held, or what every tree begins with."""
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
    """The IANA zone in which cycles begin at midnight; UTC where none was chosen."""
    subscription = subscriptions.alias()
    chosen = select(subscription.c.time_zone).where(_of(subscription, subscriber), has_begun(subscription))
    return func.coalesce(chosen.correlate(subscriber).scalar_subquery(), UNSUBSCRIBED_ZONE)


def anchor_day_of(subscriber: FromClause) -> ColumnElement[int]:
    """The day of the month on which cycles begin, 1 to 31; in a shorter month its last day."""
    local = func.timezone(time_zone_of(subscriber), anchored_at_of(subscriber))
    return cast(func.extract("day", local), Integer)


def anchored_at_of(subscriber: FromClause) -> ColumnElement[datetime.datetime]:
    """The moment that cycles are counted from: of the subscription, or else of the account's making."""
    subscription = subscriptions.alias()
    chosen = select(subscription.c.anchored_at).where(_of(subscription, subscriber), has_begun(subscription))
    return func.coalesce(chosen.correlate(subscriber).scalar_subquery(), unsubscribed_anchor(subscriber))


def cycle_starts_at_of(subscriber: FromClause) -> ColumnElement[datetime.datetime]:
    """When the current cycle began."""
    return _cycle_start(subscriber, 0)


def cycle_ends_at_of(subscriber: FromClause) -> ColumnElement[datetime.datetime]:
    """When the next one begins; that moment belongs to it."""
    return _cycle_start(subscriber, 1)


def contact_limit_of(subscriber: FromClause) -> ColumnElement[int]:
    """How many contacts can become active in this cycle: the plan's and those bought (R91, R94)."""
    return _limit(subscriber, "active_contacts", "contacts")


def send_limit_of(subscriber: FromClause) -> ColumnElement[int]:
    """How many sends this cycle has without a price of their own: the plan's and those bought (R93, R94)."""
    return _limit(subscriber, "sends", "sends")


def _limit(subscriber: FromClause, of_plan: str, bought: str) -> ColumnElement[int]:
    plan = plans.alias()
    base = select(plan.c[of_plan]).where(plan.c.id == plan_id_of(subscriber))
    more = bought_in(subscriber, cycle_starts_at_of(subscriber), bought)
    return cast(base.correlate(subscriber).scalar_subquery() + more, plans.c.sends.type)


def bought_in(
    subscriber: FromClause, starts_at: ColumnElement[datetime.datetime], bought: str
) -> ColumnElement[int]:
    """How many `contacts` or `sends` were bought for the cycle that begins then (R94)."""
    increase = limit_increases.alias()
    return (
        select(func.coalesce(func.sum(increase.c[bought]), literal_column("0")))
        .where(
            increase.c.account_id == subscriber.c.id,
            increase.c.master_id == subscriber.c.master_id,
            increase.c.cycle_starts_at == starts_at,
        )
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
    return and_(table.c.account_id == subscriber.c.id, table.c.master_id == subscriber.c.master_id)
