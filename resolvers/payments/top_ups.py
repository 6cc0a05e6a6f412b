"""Top-ups, as viewers of the account's credit see them. `resolvers.payments.top_up` makes them."""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select

from authz.policy.permissions import Permission
from engine.declare.paging import Order
from models.base.ids import Kind
from models.credit.tables import ledger_transactions
from models.payments.tables import payment_methods, top_ups
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import row_by_id, rows_of

BY_ID = Order("topUps", (top_ups.c.id,), descending=True)
"""Newest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's top-ups, newest first, declined ones included."""
    return rows_of(top_ups, account, account_id="id")


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.TOP_UP)]) -> Select[Any]:
    """A top-up of an account whose credit the viewer may see."""
    return row_by_id(top_ups, id, Permission.CREDIT_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The top-up, as it is now."""
    return row_by_id(top_ups, result.c.top_up_id, Permission.CREDIT_READ)


def payment_method_of(top_up: FromClause) -> Select[Any]:
    """The payment method, even if it was removed since."""
    return rows_of(payment_methods, top_up, id="payment_method_id")


def transaction_of(top_up: FromClause) -> Select[Any]:
    """The ledger transaction; null until the top-up is settled."""
    return rows_of(ledger_transactions, top_up, id="transaction_id")
