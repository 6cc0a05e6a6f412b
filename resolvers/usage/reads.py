"""What a cycle of an account's subscription has used (R58, R89-R96).

A row of usage is an account's row with the cycle and its figures. All fields are computed from these alone.
"""

import datetime
import enum
from typing import Annotated, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Interval,
    Select,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.clock import current_moment
from models.credit.pools import nearest_pool
from models.plans.cycles import cycle_number, cycle_start
from models.plans.tables import plans
from models.sending.tables import send_cycles
from resolvers.budgets.left import left_to
from resolvers.plans import cycle_counts
from resolvers.plans import reads as plan_reads


class UsageCycle(enum.Enum):
    """A billing cycle."""

    CURRENT = "CURRENT"
    PREVIOUS = "PREVIOUS"


NEWEST_FIRST = Order("usage", (column("number", Integer),), descending=True)
_MOMENT = cast(literal_column("'1 microsecond'"), Interval)
_NOTHING: ColumnElement[int] = literal_column("0", Integer)
_ONE = literal_column("1", Integer)


def of_account(
    account: FromClause,
    cycle: Annotated[UsageCycle, Described("The billing cycle of that subscription.")] = UsageCycle.CURRENT,
) -> Select[Any]:
    """What all accounts of the subscription that this account uses have used in a billing cycle. Null for the
    cycle before the subscription's first."""
    grid = _grid(account)
    current: ColumnElement[int] = grid.c.number
    if cycle is UsageCycle.CURRENT:
        return _usage(account, grid, current, current).limit(_ONE)
    return _usage(account, grid, func.greatest(current - _ONE, _NOTHING), current - _ONE).limit(_ONE)


def history_of(account: FromClause) -> Select[Any]:
    """The billing cycles before the current one, newest first, back to the subscription's first."""
    grid = _grid(account)
    return _usage(account, grid, _NOTHING, grid.c.number - _ONE)


def credit_of(usage: FromClause) -> Select[Any]:
    """The credit of the account's pool, which pays for sends beyond the plan. Null if the pool's account is
    outside your reach, or if you do not have CREDIT_READ there."""
    pool, statement = readable_account()
    seen = allows(statement.selected_columns.mask, Permission.CREDIT_READ)
    return statement.where(pool.c.id == nearest_pool(usage), in_tree(pool, usage), seen).limit(_ONE)


def contacts_of(usage: FromClause) -> Select[Any]:
    """The active contacts and their limit."""
    return beside(usage, used=usage.c.contacts_used, limit=usage.c.contact_limit)


def sends_of(usage: FromClause) -> Select[Any]:
    """The sends and their limit."""
    return beside(
        usage,
        used=usage.c.sends_used,
        limit=usage.c.send_limit,
        beyond=func.greatest(usage.c.sends_used - usage.c.send_limit, _NOTHING),
        left=usage.c.sends_left,
        cap_left=usage.c.cap_left,
    )


def beside(usage: FromClause, **columns: ColumnElement[Any]) -> Select[Any]:
    """The usage's account with these columns."""
    own = accounts.alias()
    labelled = [column.label(name) for name, column in columns.items()]
    found = in_tree(own, usage, id="id")
    return select(*own.c, usage.c.mask, *labelled).where(found)


def is_current(usage: FromClause) -> ColumnElement[bool]:
    """Whether it is the current cycle."""
    return usage.c.ends_at > current_moment()


def _grid(account: FromClause) -> FromClause:
    """The account with the subscription, and the number of its current cycle."""
    subscriber = accounts.alias()
    mine = plan_reads.is_subscriber_of(subscriber, account)
    anchored_at, zone = plan_reads.anchored_at_of(subscriber), plan_reads.time_zone_of(subscriber)
    # The limits are optimization fences: what they enclose is computed once.
    anchor = (
        select(*subscriber.c, anchored_at.label("anchored_at"), zone.label("time_zone"))
        .where(mine)
        .correlate(account)
        .limit(_ONE)
        .subquery()
    )
    number = cycle_number(anchor.c.anchored_at, anchor.c.time_zone, current_moment())
    return select(*anchor.c, number.label("number")).limit(_ONE).subquery("grid").lateral()


def _usage(
    account: FromClause, grid: FromClause, first: ColumnElement[int], last: ColumnElement[int]
) -> Select[Any]:
    """The rows of the cycles with these numbers."""
    own, plan, cycle = accounts.alias(), plans.alias(), send_cycles.alias()
    period = _periods(grid, first, last)
    started = and_(in_tree(cycle, grid, account_id="id"), cycle.c.starts_at == period.c.starts_at)
    used = func.coalesce(cycle_counts.sends_in(cycle), _NOTHING)
    limit = _limit(plan.c.sends, grid, period, "sends")
    unused, runs = limit - used, period.c.ends_at > current_moment()
    left = left_to(own, grid)
    return (
        select(
            *own.c,
            account.c.mask,
            period.c.number,
            period.c.starts_at,
            period.c.ends_at,
            period.c.seen_at,
            grid.c.id.label("subscriber_id"),
            grid.c.time_zone,
            plan.c.id.label("plan_id"),
            cycle.c.id.label("cycle_id"),
            func.coalesce(cycle_counts.contacts_shown(cycle, grid), _NOTHING).label("contacts_used"),
            _limit(plan.c.active_contacts, grid, period, "contacts").label("contact_limit"),
            used.label("sends_used"),
            limit.label("send_limit"),
            plan.c.send_price,
            left.credit.label("credit"),
            case((runs, left.sends(unused))).label("sends_left"),
            case((runs, left.cap)).label("cap_left"),
        )
        .select_from(own)
        .join(grid, true())
        .join(left.rows, true())
        .join(period, true())
        .join(plan, plan.c.id == plan_reads.plan_id_at(grid, period.c.seen_at))
        .outerjoin(cycle, started)
        .where(in_tree(own, account, id="id"))
    )


def _periods(grid: FromClause, first: ColumnElement[int], last: ColumnElement[int]) -> FromClause:
    """Rows (number, starts_at, ends_at, seen_at). `seen_at`: the last moment of an ended cycle, or now."""
    series = func.generate_series(first, last).table_valued(column("number", Integer), name="series")
    number = series.render_derived(name="series")
    starts_at: ColumnElement[datetime.datetime] = cycle_start(
        grid.c.anchored_at, grid.c.time_zone, number.c.number
    )
    ends_at = cycle_start(grid.c.anchored_at, grid.c.time_zone, number.c.number + _ONE)
    bounds = (
        select(number.c.number, starts_at.label("starts_at"), ends_at.label("ends_at"))
        .select_from(number)
        .correlate(grid)
        .offset(_NOTHING)
        .subquery()
    )
    seen_at = func.least(current_moment(), bounds.c.ends_at - _MOMENT)
    return select(*bounds.c, seen_at.label("seen_at")).subquery("period").lateral()


def _limit(
    of_plan: ColumnElement[int], grid: FromClause, period: FromClause, bought: str
) -> ColumnElement[int]:
    return cast(of_plan + plan_reads.bought_in(grid, period.c.starts_at, bought), plans.c.sends.type)
