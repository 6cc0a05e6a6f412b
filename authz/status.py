"""What an account's status, and that of those above it, leaves possible (T7)."""

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, func, literal_column, select

from authz.permissions import ALL_PERMISSIONS, READ_PERMISSIONS, Permission, mask_literal
from models.accounts import AccountStatus, account_closure, accounts


def effective_status(account: FromClause) -> ColumnElement[str]:
    """The worst status on the path from the root to the account (T7)."""
    closure, above = account_closure.alias(), accounts.alias()
    statuses = func.array_agg(above.c.status)
    worst = case(
        (literal_column(f"'{AccountStatus.CLOSED.value}'") == func.any(statuses), AccountStatus.CLOSED.value),
        (
            literal_column(f"'{AccountStatus.SUSPENDED.value}'") == func.any(statuses),
            AccountStatus.SUSPENDED.value,
        ),
        else_=AccountStatus.ACTIVE.value,
    )
    return (
        select(worst)
        .select_from(closure)
        .join(above, and_(above.c.master_id == closure.c.master_id, above.c.id == closure.c.ancestor_id))
        .where(closure.c.descendant_id == account.c.id, closure.c.master_id == account.c.master_id)
        .correlate(account)
        .scalar_subquery()
    )


def _inactive_above(account: FromClause) -> ColumnElement[bool]:
    closure, above = account_closure.alias(), accounts.alias()
    return exists(
        select(above.c.id)
        .select_from(closure)
        .join(above, and_(above.c.master_id == closure.c.master_id, above.c.id == closure.c.ancestor_id))
        .where(
            closure.c.descendant_id == account.c.id,
            closure.c.master_id == account.c.master_id,
            closure.c.depth > literal_column("0"),
            above.c.status != AccountStatus.ACTIVE.value,
        )
        .correlate(account)
    )


def status_mask(account: FromClause) -> ColumnElement[int]:
    """What the status of the account and of those above it leaves possible (T7)."""
    ending = Permission.ACCOUNT_SUSPEND.bit | Permission.ACCOUNT_CLOSE.bit
    return case(
        (account.c.status == AccountStatus.CLOSED.value, mask_literal(READ_PERMISSIONS)),
        (_inactive_above(account), mask_literal(READ_PERMISSIONS)),
        (account.c.status == AccountStatus.SUSPENDED.value, mask_literal(READ_PERMISSIONS | ending)),
        else_=mask_literal(ALL_PERMISSIONS),
    )
