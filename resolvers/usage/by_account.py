"""Sends by account of a subtree (R58, R61)."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.declare.paging import Order
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.plans.tables import MOST_IN_A_CYCLE
from models.sending.lapsed import is_lapsed
from models.sending.tables import send_counts, send_cycles, send_reservations
from resolvers.rows.shown import account_behind

MOST_FIRST = Order("usageAccounts", (column("sends", BigInteger), accounts.c.id), descending=True)
_NOTHING: ColumnElement[int] = literal_column("0", Integer)
_ONE = literal_column("1", Integer)


def sent_of(usage: FromClause) -> ColumnElement[int]:
    """The number of sends of the account and everything below it, including accounts that you may not see; at
    most 2147483647. An account below with its own subscription counts with its current billing cycle."""
    counts = _counts(usage).subquery()
    total = select(func.coalesce(func.sum(counts.c.sends), _NOTHING)).scalar_subquery()
    return cast(func.least(total, literal_column(str(MOST_IN_A_CYCLE))), BigInteger)


def accounts_of(usage: FromClause) -> Select[Any]:
    """The number of sends by account, for this account and those below it, highest first. Only accounts that
    sent, and in which you have STATISTICS_READ."""
    counts = _counts(usage).subquery()
    account, statement = readable_account()
    sender = (
        statement.where(
            account.c.id == counts.c.account_id,
            in_tree(account, usage),
            allows(statement.selected_columns.mask, Permission.STATISTICS_READ),
        )
        .correlate(usage, counts)
        .limit(_ONE)
        .lateral()
    )
    return (
        select(*sender.c, counts.c.sends)
        .select_from(counts.join(sender, true()))
        .where(counts.c.sends > _NOTHING)
    )


def account_of(sender: FromClause) -> Select[Any]:
    """The account that sent; null if it is no longer within your reach."""
    return account_behind(sender, "id")


def _counts(usage: FromClause) -> Select[Any]:
    """Rows (account_id, sends) of the subtree's accounts, without lapsed reservations.

    The limits are optimization fences. Without them the planner takes a subtree for one account and counts
    again for each.
    """
    cycles = union_all(_own_cycle(usage), _cycles_below(usage)).subquery()
    count, reservation, path = send_counts.alias(), send_reservations.alias(), account_closure.alias()
    counted = select(count.c.account_id, count.c.sends).select_from(
        cycles.join(count, in_tree(count, cycles, cycle_id="id"))
    )
    over = and_(in_tree(reservation, cycles, cycle_id="id"), is_lapsed(reservation))
    lapsed = select(reservation.c.account_id, -reservation.c.recipients).select_from(
        cycles.join(reservation, over)
    )
    parts = union_all(counted, lapsed).subquery()
    sent = (
        select(parts.c.account_id, cast(func.sum(parts.c.sends), BigInteger).label("sends"))
        .group_by(parts.c.account_id)
        .correlate(usage)
        .subquery()
    )
    below = (
        select(path.c.depth)
        .where(in_tree(path, usage, ancestor_id="id"), path.c.descendant_id == sent.c.account_id)
        .correlate(usage, sent)
        .limit(_ONE)
        .lateral()
    )
    return select(sent.c.account_id, sent.c.sends).select_from(sent.join(below, true())).correlate(usage)


def _own_cycle(usage: FromClause) -> Select[Any]:
    cycle = send_cycles.alias()
    found = in_tree(cycle, usage, id="cycle_id")
    return select(cycle.c.master_id, cycle.c.id).where(found).correlate(usage)


def _cycles_below(usage: FromClause) -> Select[Any]:
    """The cycles, at that time, of subscriptions below the account."""
    path, cycle = account_closure.alias(), send_cycles.alias()
    at_that_time = and_(
        in_tree(cycle, path, account_id="descendant_id"),
        cycle.c.starts_at <= usage.c.seen_at,
        cycle.c.ends_at > usage.c.seen_at,
    )
    return (
        select(cycle.c.master_id, cycle.c.id)
        .select_from(path.join(cycle, at_that_time))
        .where(
            in_tree(path, usage, ancestor_id="id"),
            path.c.depth > _NOTHING,
            cycle.c.account_id != usage.c.subscriber_id,
        )
        .correlate(usage)
    )
