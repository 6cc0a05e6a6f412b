"""By which of its grants a caller acts, and the reason of its break-glass (R54, N3)."""

import functools
import uuid
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)

from authz.callers.principals import Principal
from authz.policy.permissions import Permission, mask_literal
from authz.reach.break_glass import opening_holds
from authz.reach.ends import ANY_MOMENT
from authz.reach.grants import granted_mask
from authz.reach.reach import GRANTS, PRINCIPAL
from engine.database.write_connection import FixedRow
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.parent_access.openings import break_glass_openings


def acting_from(account_id: ColumnElement[uuid.UUID], wanted: ColumnElement[int]) -> ColumnElement[uuid.UUID]:
    """The id of the nearest account whose grant gives the permission in this account (R54). `wanted`: its
    bit."""
    closure, grant = account_closure.alias(), GRANTS.alias()
    giving = _giving(closure, grant, account_id, wanted)
    return cast(giving.with_only_columns(grant.c.from_id).limit(1).scalar_subquery(), Uuid)


async def opened_because(
    session: WriteSession, row: FixedRow, permission: Permission, principal: Principal
) -> str | None:
    """The reason of the break-glass, where that alone gives the permission in the row's account."""
    if principal.person_id is None or not row.mask & ~(row.lasting_mask or 0) & permission.bit:
        return None
    statement = _opening_reason(permission)
    values = {**principal.credentials.binds, "account_id": row.id}
    found: str | None = (await session.execute(statement, values)).scalar()
    return found


@functools.cache
def _opening_reason(permission: Permission) -> Select[Any]:
    closure, grant, opening = account_closure.alias(), GRANTS.alias(), break_glass_openings.alias()
    opened = and_(
        in_tree(opening, grant, account_id="account_id"),
        opening.c.user_id == select(PRINCIPAL.c.user_id).scalar_subquery(),
        opening_holds(opening),
    )
    giving = _giving(closure, grant, bindparam("account_id", type_=Uuid()), mask_literal(permission.bit))
    return giving.with_only_columns(opening.c.reason).join(opening, opened).limit(1)


async def is_only_shared(
    session: WriteSession, account_id: uuid.UUID, permission: Permission, principal: Principal
) -> bool:
    """Whether only shares give the permission in the account."""
    values = {**principal.credentials.binds, "account_id": account_id}
    return bool((await session.execute(_only_shared(permission), values)).scalar())


@functools.cache
def _only_shared(permission: Permission) -> Select[Any]:
    closure, grant = account_closure.alias(), GRANTS.alias()
    giving = _giving(
        closure, grant, bindparam("account_id", type_=Uuid()), mask_literal(permission.bit)
    ).order_by(None)
    shared = and_(grant.c.ends_at == ANY_MOMENT, grant.c.from_id == grant.c.account_id)
    return giving.with_only_columns(func.bool_and(shared))


def _giving(
    closure: FromClause, grant: FromClause, account_id: ColumnElement[uuid.UUID], wanted: ColumnElement[int]
) -> Select[Any]:
    """The grants that give the permission in the account: the nearest first, break-glass last."""
    return (
        select(grant.c.account_id)
        .select_from(closure)
        .join(
            grant,
            in_tree(grant, closure, account_id="ancestor_id"),
        )
        .where(
            closure.c.descendant_id == account_id,
            granted_mask(closure, grant).op("&")(wanted) != literal_column("0"),
        )
        # Of two accounts above, the nearer one is younger and has the larger id.
        .order_by(grant.c.from_id != grant.c.account_id, closure.c.depth, grant.c.from_id.desc())
    )
