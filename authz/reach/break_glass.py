"""Break-glass: for some hours, rights from above in an account whose link lets few of them pass (N3).

What an opening gives is computed live from the memberships above it, by the database's function
`break_glass_grants`: so it ends with the membership, with the link's mode, and with the clock. As a part of
every statement it would cost every request what few ever use.
"""

import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    column,
    func,
    select,
    true,
)

from authz.reach.ends import ANY_MOMENT
from models.parent_access.openings import break_glass_openings


def opening_holds(opening: FromClause) -> ColumnElement[bool]:
    """Whether an opening is neither ended nor expired, by the database's clock."""
    return and_(opening.c.ended_at.is_(None), opening.c.expires_at > func.now())


def opened_rows(
    master_id: ColumnElement[uuid.UUID],
    account_id: ColumnElement[uuid.UUID],
    user_id: ColumnElement[uuid.UUID],
) -> FromClause:
    """What an opening of the account would give the person now: rows (from_id, mask), one for each membership
    above it; none where the account's link is not BREAK_GLASS."""
    columns = column("from_id", Uuid), column("mask", BigInteger)
    return func.break_glass_grants(master_id, account_id, user_id).table_valued(*columns).lateral()


def opening_grants(principal: FromClause, *more: str) -> Select[Any]:
    """The grants (see `authz.reach.grants.grant_rows`) that the principal's openings give. `more`: columns of
    the openings' rows that stand behind."""
    opening = break_glass_openings.alias()
    opened = opened_rows(opening.c.master_id, opening.c.account_id, opening.c.user_id)
    return (
        select(
            opening.c.master_id,
            opening.c.account_id,
            opened.c.from_id,
            opened.c.mask,
            opened.c.mask,
            ANY_MOMENT.label("ends_at"),
            *(opening.c[name] for name in more),
        )
        .select_from(principal)
        .join(opening, and_(opening.c.user_id == principal.c.user_id, opening_holds(opening)))
        .join(opened, true())
    )
