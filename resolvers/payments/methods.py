"""What an account pays with (R44): references at the payment provider, as their account's people see them."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.payments.tables import payment_methods
from resolvers.inputs.global_ids import PaymentMethodIdArgument

BY_ID = Order("paymentMethods", (payment_methods.c.id,))
"""Oldest first."""


def of_account(account: FromClause) -> Select[Any]:
    """The account's payment methods, oldest first."""
    method = payment_methods.alias()
    return select(*method.c).where(in_tree(method, account, account_id="id"), method.c.removed_at.is_(None))


def by_id(root: FromClause, id: PaymentMethodIdArgument) -> Select[Any]:
    """A payment method, also a removed one, of an account whose credit the viewer may see."""
    method = payment_methods.alias()
    return select(*method.c).where(method.c.id == id, account_where(method, Permission.CREDIT_READ))


def of_result(result: FromClause) -> Select[Any]:
    """The payment method after the change."""
    method = payment_methods.alias()
    return select(*method.c).where(
        method.c.id == result.c.payment_method_id, account_where(method, Permission.CREDIT_READ)
    )
