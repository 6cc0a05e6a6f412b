"""API keys whose creator, or last rotator, could not make them any more (N18)."""

from typing import Any

from sqlalchemy import FromClause, Select, select

from authz.callers.principals import key_lives
from authz.reach.key_makers import ghost_reason
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from resolvers.rows.shown import rows_of

BY_ID = Order("ghosts", (api_keys.c.id,))
"""Oldest key first."""


def of_account(account: FromClause) -> Select[Any]:
    """API keys whose creator, or the last person who rotated them, could not create them any more; oldest
    first. With `whenMakerLosesAccess: KEEP` such a key still works; with `STOP` it stops until somebody
    adopts it. Revoked and expired keys are not listed."""
    key = api_keys.alias()
    of_this = in_tree(key, account, account_id="id")
    reasons = select(*key.c, ghost_reason(key).label("reason")).where(of_this, key_lives(key))
    found = reasons.correlate(account).subquery()
    return select(*found.c).where(found.c.reason.is_not(None))


def key_of(ghost: FromClause) -> Select[Any]:
    """The key."""
    return rows_of(api_keys, ghost, id="id")
