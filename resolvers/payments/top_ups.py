"""Top-ups as those who may see the account's credit see them. What makes them is in `top_up_changes`."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.credit.tables import ledger_transactions
from models.payments.tables import payment_methods, top_ups
from resolvers.inputs.global_ids import TopUpIdArgument

BY_ID = Order("topUps", (top_ups.c.id,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's top-ups, newest first, declined ones included."""
    top_up = top_ups.alias()
    return select(*top_up.c).where(in_tree(top_up, account, account_id="id"))


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
    """The payment method, even if it was removed since."""
    method = payment_methods.alias()
    return select(*method.c).where(in_tree(method, top_up, id="payment_method_id"))


def transaction_of(top_up: FromClause) -> Select[Any]:
    """The ledger transaction; null until the top-up is settled."""
    transaction = ledger_transactions.alias()
    return select(*transaction.c).where(in_tree(transaction, top_up, id="transaction_id"))
