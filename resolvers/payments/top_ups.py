"""Top-ups as those who may see the account's credit see them. What makes them is in `top_up_changes`."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.credit.tables import ledger_transactions
from models.payments.tables import payment_methods, top_ups
from resolvers.inputs.global_ids import TopUpIdArgument

BY_ID = Order("topUps", (top_ups.c.id,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's top-ups, newest first, declined ones too."""
    top_up = top_ups.alias()
    return select(*top_up.c).where(
        top_up.c.account_id == account.c.id, top_up.c.master_id == account.c.master_id
    )


def by_id(root: FromClause, id: TopUpIdArgument) -> Select[Any]:
    """A top-up of an account whose credit the viewer may see."""
    top_up = top_ups.alias()
    return select(*top_up.c).where(top_up.c.id == id, account_where(top_up, Permission.CREDIT_READ))


def of_result(result: FromClause) -> Select[Any]:
    """The top-up, as it is now."""
    top_up = top_ups.alias()
    return select(*top_up.c).where(
        top_up.c.id == result.c.top_up_id, account_where(top_up, Permission.CREDIT_READ)
    )


def payment_method_of(top_up: FromClause) -> Select[Any]:
    """What it was paid with, also if that was removed since."""
    method = payment_methods.alias()
    return select(*method.c).where(
        method.c.id == top_up.c.payment_method_id, method.c.master_id == top_up.c.master_id
    )


def transaction_of(top_up: FromClause) -> Select[Any]:
    """What posted it; null unless it is settled."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(
        transaction.c.id == top_up.c.transaction_id, transaction.c.master_id == top_up.c.master_id
    )
