"""The path of an account: itself, and those above it, whose block entries count in it (R67, R76).

Statements of the data plane do not know the tree's shape. A statement of the control plane hands the path
over as an array.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Uuid, case, literal, select, true

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission, allows
from authz.reach.reach import mask_of_account
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import Place, in_tree
from models.base.ids import AccountId

ABOVE = "an account above"
"""What the viewer may know of an account that it does not reach."""


@dataclass(frozen=True)
class AccountAbove:
    """An account on a path. `name`: None outside the viewer's reach."""

    id: AccountId
    name: str | None


async def read_path(session: WriteSession, place: Place) -> list[AccountId]:
    """The ids of a path."""
    path = account_closure.c
    statement = select(path.ancestor_id).where(
        path.master_id == place.master_id, path.descendant_id == place.account_id
    )
    return list((await session.execute(statement)).scalars())


async def read_named_path(
    session: WriteSession, principal: Principal, account: Authorized
) -> dict[AccountId, AccountAbove]:
    """The path upwards, with names as far as the caller reaches."""
    rows = await session.execute(_named(account), principal.credentials.binds)
    return {row.id: AccountAbove(row.id, row.name) for row in rows}


def _named(place: Place) -> Select[Any]:
    path, above = account_closure.alias(), accounts.alias()
    granted = mask_of_account(above)
    name = case((allows(granted.c.mask, Permission.ACCOUNT_READ), above.c.name))
    of_account = path.c.descendant_id == literal(place.account_id, Uuid)
    return (
        select(above.c.id, name.label("name"))
        .select_from(path.join(above, in_tree(above, path, id="ancestor_id")).join(granted, true()))
        .where(path.c.master_id == literal(place.master_id, Uuid), of_account)
        .order_by(path.c.depth)
    )
