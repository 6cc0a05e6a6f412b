"""Payment methods (R44): references at the payment provider."""

from typing import Annotated, Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.payments.tables import payment_methods
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.rows.shown import row_by_id

BY_ID = Order("paymentMethods", (payment_methods.c.id,))
"""Oldest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's payment methods, oldest first."""
    method = payment_methods.alias()
    return select(*method.c).where(in_tree(method, account, account_id="id"), method.c.removed_at.is_(None))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.PAYMENT_METHOD)]) -> Select[Any]:
    """A payment method, also a removed one, of an account whose credit the viewer may see."""
    return row_by_id(payment_methods, id, Permission.CREDIT_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The payment method after the change."""
    return row_by_id(payment_methods, result.c.payment_method_id, Permission.CREDIT_READ)
