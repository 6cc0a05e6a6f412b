"""What the status of an account, and of those above it, allows (T7)."""

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import array

from authz.policy.permissions import ALL_PERMISSIONS, READ_PERMISSIONS, Permission, mask_literal
from engine.base.once import once
from models.accounts.tables import AccountStatus, account_closure, accounts
from models.accounts.trees import in_tree

_BY_RANK = (AccountStatus.ACTIVE, AccountStatus.SUSPENDED, AccountStatus.CLOSED)
"""From the best to the worst."""
_NONE = literal_column("0", Integer)


def effective_status(account: FromClause) -> ColumnElement[str]:
    """The worst status on the path from the root down to the account (T7)."""
    worst = func.greatest(_rank(account.c.status), _rank_above(account))
    names = array([literal_column(f"'{status.value}'", Text) for status in _BY_RANK])
    return names[worst + literal_column("1")]


def status_mask(account: FromClause) -> ColumnElement[int]:
    """The mask of permissions that the status of the account, and of those above it, allows (T7)."""
    ending = Permission.ACCOUNT_SUSPEND.bit | Permission.ACCOUNT_CLOSE.bit
    return case(
        (account.c.status == AccountStatus.CLOSED.value, mask_literal(READ_PERMISSIONS)),
        (_rank_above(account) > _NONE, mask_literal(READ_PERMISSIONS)),
        (account.c.status == AccountStatus.SUSPENDED.value, mask_literal(READ_PERMISSIONS | ending)),
        else_=mask_literal(ALL_PERMISSIONS),
    )


def _rank(status: ColumnElement[str]) -> ColumnElement[int]:
    """How bad a status is: 0 if it is active."""
    bad: list[tuple[ColumnElement[str], ColumnElement[int]]] = [
        (literal_column(f"'{each.value}'"), literal_column(str(rank), Integer))
        for rank, each in enumerate(_BY_RANK)
    ]
    return case(*bad[1:], value=status, else_=_NONE)


def _rank_above(account: FromClause) -> ColumnElement[int]:
    """How bad the worst status above the account is."""
    closure, above = account_closure.alias(), accounts.alias()
    lies_above = and_(
        in_tree(closure, account, descendant_id="id"),
        closure.c.depth > _NONE,
        in_tree(above, closure, id="ancestor_id"),
    )
    worst = (
        select(func.coalesce(func.max(_rank(above.c.status)), _NONE))
        .select_from(closure.join(above, lies_above))
        .correlate(account)
        .scalar_subquery()
    )
    return once(account, worst)
