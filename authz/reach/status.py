"""What the status of an account, and of those above it, allows (T7)."""

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, func, literal_column, or_, select

from authz.policy.permissions import ALL_PERMISSIONS, READ_PERMISSIONS, Permission, mask_literal
from models.accounts.tables import AccountStatus, account_closure, accounts


def effective_status(account: FromClause) -> ColumnElement[str]:
    """The worst status on the path from the root down to the account (T7)."""
    closure, above = account_closure.alias(), accounts.alias()

    def has(status: AccountStatus) -> ColumnElement[bool]:
        return or_(account.c.status == status.value, func.bool_or(above.c.status == status.value))

    worst = case(
        (has(AccountStatus.CLOSED), AccountStatus.CLOSED.value),
        (has(AccountStatus.SUSPENDED), AccountStatus.SUSPENDED.value),
        else_=AccountStatus.ACTIVE.value,
    )
    return (
        select(worst)
        .select_from(closure)
        .join(above, _lies_above(account, closure, above))
        .correlate(account)
        .scalar_subquery()
    )


def _lies_above(account: FromClause, closure: FromClause, above: FromClause) -> ColumnElement[bool]:
    return and_(
        closure.c.descendant_id == account.c.id,
        closure.c.master_id == account.c.master_id,
        closure.c.depth > literal_column("0"),
        above.c.master_id == closure.c.master_id,
        above.c.id == closure.c.ancestor_id,
    )


def _inactive_above(account: FromClause) -> ColumnElement[bool]:
    closure, above = account_closure.alias(), accounts.alias()
    return exists(
        select(above.c.id)
        .select_from(closure)
        .join(above, _lies_above(account, closure, above))
        .where(above.c.status != AccountStatus.ACTIVE.value)
        .correlate(account)
    )


def status_mask(account: FromClause) -> ColumnElement[int]:
    """The mask of permissions that the status of the account, and of those above it, allows (T7)."""
    ending = Permission.ACCOUNT_SUSPEND.bit | Permission.ACCOUNT_CLOSE.bit
    return case(
        (account.c.status == AccountStatus.CLOSED.value, mask_literal(READ_PERMISSIONS)),
        (_inactive_above(account), mask_literal(READ_PERMISSIONS)),
        (account.c.status == AccountStatus.SUSPENDED.value, mask_literal(READ_PERMISSIONS | ending)),
        else_=mask_literal(ALL_PERMISSIONS),
    )
