"""Break-glass: a person opens an account whose link is BREAK_GLASS for some hours, with the rights held above
(N3).

The stored function `break_glass_grants` computes what an opening gives from the memberships above it. So the
rights end with the membership, with the link's mode, and at the opening's end.
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
    above it. No rows where the account's link is not BREAK_GLASS."""
    columns = column("from_id", Uuid), column("mask", BigInteger)
    return func.break_glass_grants(master_id, account_id, user_id).table_valued(*columns).lateral()


def opening_grants(principal: FromClause, *more: str) -> Select[Any]:
    """The grants (see `authz.reach.grants.grant_rows`) that the caller's openings give. `more`: further
    columns, of the openings."""
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
