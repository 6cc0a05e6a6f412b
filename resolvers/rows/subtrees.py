"""Rows of an account, or of the whole subtree below it, as far as the viewer may see them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, select, true

from authz.policy.permissions import Permission, allows
from authz.reach.reach import REACH
from engine.declare.arguments import Described
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree

IncludeDescendants = Annotated[
    bool,
    Described(
        "Also list those of accounts further down: of the accounts where you have the permission that this "
        "field needs."
    ),
]


def belongs_to(
    rows: FromClause, account: FromClause, permission: Permission, *, include_descendants: bool
) -> ColumnElement[bool]:
    """Whether a row of a tree's table is the account's. `include_descendants`: or that of an account below it
    where the viewer holds the permission, by the reach that is collected once for the statement."""
    if not include_descendants:
        return in_tree(rows, account, account_id="id")
    # IS TRUE keeps it from becoming a join, which would read and sort the rows of the whole tree for a page.
    # So a page is read in its order, and each row is looked up in the subtree, which is hashed once.
    found = accounts_below(account, permission).subquery("found")
    below = rows.c.account_id.in_(select(found.c.account_id)).is_(true())
    return and_(in_tree(rows, account), below)


def accounts_below(account: FromClause, permission: Permission) -> Select[Any]:
    """The account and those below it where the viewer holds the permission: rows (master_id, account_id)."""
    path = account_closure.alias()
    return (
        select(path.c.master_id, path.c.descendant_id.label("account_id"))
        .select_from(path.join(REACH, in_tree(REACH, path, account_id="descendant_id")))
        .where(
            in_tree(path, account, ancestor_id="id"),
            allows(REACH.c.mask, Permission.ACCOUNT_READ),
            allows(REACH.c.mask, permission),
        )
        .correlate(account)
    )
