"""Whose credit an account spends (R19, R28, R43)."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, or_

from models.accounts.tables import CreditMode, accounts
from models.accounts.trees import nearest_above


def has_own_balance(account: FromClause) -> ColumnElement[bool]:
    """Whether the account spends its own credit. A master account always does."""
    return or_(account.c.parent_id.is_(None), account.c.credit_mode == CreditMode.OWN_BALANCE.value)


def nearest_pool(account: FromClause) -> ColumnElement[Any]:
    """The account whose credit it spends: its own id, or that of the nearest above with an own balance."""
    above = accounts.alias()
    return nearest_above(account, above, "id", has_own_balance(above))
