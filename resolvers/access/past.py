"""Who could do what in an account at a moment of the past (N2). The viewer's right to ask is that of now."""

import datetime
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, column, func, or_, select

from authz.past.moments import access_at, is_known, known_since
from authz.policy.permissions import Permission, allows
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree

BY_SUBJECT = Order("pastAccess", (column("subject", Uuid),))


def known_since_of(account: FromClause) -> ColumnElement[datetime.datetime]:
    """The first moment that `accessAt` and `explainAccess(at:)` can be asked about."""
    return known_since()


def at(
    account: FromClause,
    moment: Annotated[
        ColumnElement[datetime.datetime],
        Described("Neither before `accessKnownSince` nor in the future, else BAD_USER_INPUT."),
    ],
) -> Select[Any]:
    """Who could do what in the account at a moment of the past, as `accessMatrix` shows it for now. You see
    what your permissions of now let you see."""
    own = accounts.alias()
    columns = own.c.master_id, own.c.id.label("account_id"), moment.label("moment"), account.c.mask
    return select(*columns).where(in_tree(own, account, id="id"), is_known(moment))


def entries_of(
    past: FromClause,
    permission: Annotated[
        Permission | None, Described("Only those who had this permission. Left out, everybody with a right.")
    ] = None,
) -> Select[Any]:
    """Every person and API key that had a right in the account, through this account or one above, and every
    narrowed token of theirs that worked here. People are listed if you have MEMBERS_READ, keys if you have
    API_KEYS_READ, and tokens with those that they acted for. Names are today's."""
    access = access_at(past.c.master_id, past.c.account_id, past.c.moment)
    seen = or_(
        and_(access.c.user_id.is_not(None), allows(past.c.mask, Permission.MEMBERS_READ)),
        and_(access.c.api_key_id.is_not(None), allows(past.c.mask, Permission.API_KEYS_READ)),
    )
    found = select(
        past.c.master_id,
        past.c.account_id,
        func.coalesce(access.c.token_id, access.c.user_id, access.c.api_key_id).label("subject"),
        access.c.user_id,
        access.c.api_key_id,
        access.c.token_id,
        access.c.mask.label("permissions"),
    ).where(seen)
    return found if permission is None else found.where(allows(access.c.mask, permission))
