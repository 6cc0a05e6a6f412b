"""Accounts that require a second factor are out of the reach of a session that has proved none.

`mandant_enter` tells whether none of the caller's trees requires what its session has not proved: then
nothing is asked. Otherwise a stored function is asked for each account. The setting is a hint and never
widens rights: without it the statement asks. API keys are not concerned.
"""

import uuid
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
)

from authz.callers.principals import DIGEST_NAME
from authz.policy.permissions import Permission, allows
from authz.reach.grants import granted_mask
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.second_factor.tables import second_factor_rules

_ENOUGH = "current_setting('mandant.second_factor', true) IS NOT DISTINCT FROM 'enough'"


def is_open_to_session(
    master_id: ColumnElement[uuid.UUID], account_id: ColumnElement[uuid.UUID]
) -> ColumnElement[bool]:
    """Whether the caller's session has proved what the account requires."""
    bars = func.mandant_second_factor_bars(_digest(), master_id, account_id, type_=Boolean())
    return case((literal_column(_ENOUGH, Boolean), true()), else_=~bars)


def barred_accounts(grants: FromClause) -> Select[Any]:
    """The accounts that the grants would show, if the session had proved a second factor: those that hold a
    grant, and those below that require a factor themselves. Rows (master_id, id, name)."""
    path, rule, account = account_closure.alias(), second_factor_rules.alias(), accounts.alias()
    named = or_(path.c.descendant_id == path.c.ancestor_id, rule.c.account_id.is_not(None))
    return (
        select(account.c.master_id, account.c.id, account.c.name)
        .distinct()
        .select_from(grants)
        .join(path, in_tree(path, grants, ancestor_id="account_id"))
        .outerjoin(rule, in_tree(rule, path, account_id="descendant_id"))
        .join(account, in_tree(account, path, id="descendant_id"))
        .where(
            named,
            allows(granted_mask(path, grants), Permission.ACCOUNT_READ),
            func.mandant_second_factor_bars(
                _digest(), path.c.master_id, path.c.descendant_id, type_=Boolean()
            ),
        )
    )


def would_reach(grants: FromClause, account_ids: ColumnElement[Any]) -> Select[Any]:
    """A row, if one of the accounts is out of the caller's reach for want of a second factor alone."""
    path = account_closure.alias()
    return (
        select(literal_column("1"))
        .select_from(grants)
        .join(path, in_tree(path, grants, ancestor_id="account_id"))
        .where(
            path.c.descendant_id == any_(account_ids),
            allows(granted_mask(path, grants), Permission.ACCOUNT_READ),
            func.mandant_second_factor_bars(
                _digest(), path.c.master_id, path.c.descendant_id, type_=Boolean()
            ),
        )
        .limit(1)
    )


def _digest() -> ColumnElement[bytes]:
    return bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
