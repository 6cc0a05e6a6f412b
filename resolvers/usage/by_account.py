"""Sends by account of a subtree (R58, R61)."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_account
from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.plans.tables import MOST_IN_A_CYCLE
from resolvers.rows.shown import account_behind
from resolvers.usage.functions import sends_by_account

MOST_FIRST = Order("usageAccounts", (column("sends", BigInteger), accounts.c.id), descending=True)
_NOTHING: ColumnElement[int] = literal_column("0", Integer)
_ONE = literal_column("1", Integer)


def sent_of(usage: FromClause) -> ColumnElement[int]:
    """The number of sends of the account and everything below it, including accounts that you may not see; at
    most 2147483647. An account below with its own subscription counts with its current billing cycle."""
    counts = sends_by_account(usage)
    total = select(func.coalesce(func.sum(counts.c.sends), _NOTHING)).scalar_subquery()
    return cast(func.least(total, literal_column(str(MOST_IN_A_CYCLE))), BigInteger)


def accounts_of(usage: FromClause) -> Select[Any]:
    """The number of sends by account, for this account and those below it, highest first. Only accounts that
    sent, and in which you have STATISTICS_READ."""
    counts = sends_by_account(usage)
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
