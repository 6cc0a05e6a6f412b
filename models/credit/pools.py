"""Whose credit an account spends (R19, R28, R43)."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, or_, select

from models.accounts.tables import CreditMode, account_closure, accounts


def has_own_balance(account: FromClause) -> ColumnElement[bool]:
    """Whether the account spends its own credit. A master account always does."""
    return or_(account.c.parent_id.is_(None), account.c.credit_mode == CreditMode.OWN_BALANCE.value)


def nearest_pool(account: FromClause) -> ColumnElement[Any]:
    """The account whose credit it spends: its own id, or that of the nearest above with an own balance."""
    path, above = account_closure.alias(), accounts.alias()
    return (
        select(above.c.id)
        .select_from(path)
        .join(above, and_(above.c.master_id == path.c.master_id, above.c.id == path.c.ancestor_id))
        .where(
            path.c.master_id == account.c.master_id,
            path.c.descendant_id == account.c.id,
            has_own_balance(above),
        )
        .order_by(path.c.depth)
        .limit(1)
        .correlate(account)
        .scalar_subquery()
    )
