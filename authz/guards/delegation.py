"""Nobody gives rights that they do not hold (N19, T4)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    true,
)

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.permissions import permissions_in
from authz.policy.refusals import NotFound, RoleTooWide
from authz.reach.grants import below_mask
from authz.reach.reach import mask_of_account
from authz.reach.role_uses import role_uses
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import MasterId, RoleId
from models.roles.tables import roles


@dataclass(frozen=True)
class RoleGrant:
    """A role, with the masks that it gives in one account and below it."""

    id: RoleId
    name: str
    mask: int
    below_mask: int

    def within(self, mask: int, below: int) -> bool:
        """Whether these masks contain all that the role gives."""
        return not (self.mask & ~mask or self.below_mask & ~below)


def usable_in(role: FromClause, account: FromClause) -> ColumnElement[bool]:
    """Whether the role can be held in the account: it is built in, or belongs to the account or one above
    it."""
    path = account_closure.alias()
    above = select(path.c.ancestor_id).where(in_tree(path, account, descendant_id="id"))
    # As an array: then one look-up in the index of accounts' roles is enough.
    owners = func.array(above.correlate(account).scalar_subquery(), type_=ARRAY(Uuid))
    return and_(
        role.c.deleted_at.is_(None), or_(role.c.account_id.is_(None), role.c.account_id == any_(owners))
    )


async def role_in(session: WriteSession, account: Authorized, role_id: uuid.UUID) -> RoleGrant:
    """The role, if it can be held in the account. Raises NotFound."""
    return await role_in_each(session, (account,), role_id)


async def role_in_each(session: WriteSession, of: Sequence[Authorized], role_id: uuid.UUID) -> RoleGrant:
    """The role, if it can be held in each of these accounts of one tree, with its masks in one of them.
    Raises NotFound."""
    account_ids = {account.account_id for account in of}
    statement = (
        select(roles.c.id, roles.c.name, roles.c.member_mask, below_mask(roles, accounts))
        .select_from(roles.join(accounts, usable_in(roles, accounts)))
        .where(
            accounts.c.master_id == of[0].master_id,
            accounts.c.id == any_(literal(list(account_ids), ARRAY(Uuid))),
            roles.c.id == role_id,
        )
    )
    rows = (await session.execute(statement)).all()
    if len(rows) < len(account_ids):
        raise NotFound("roleId")
    return RoleGrant(*rows[0])


async def role_to_give(
    session: WriteSession, account: Authorized, role_id: uuid.UUID, field: str = "roleId"
) -> RoleGrant:
    """The role, if the caller may give it to others, or take it from them, in the account.

    Raises NotFound, and RoleTooWide where it gives more than the caller holds.
    """
    role = await role_in(session, account, role_id)
    check_role(account, role, field)
    return role


def check_role(account: Authorized, role: RoleGrant, field: str) -> None:
    """Raise RoleTooWide where the role gives more in the account than the caller may give or take there."""
    _check(role.name, role.mask & ~account.mask, role.below_mask & ~account.below_mask, field)


async def check_role_change(
    session: WriteSession, principal: Principal, account: Authorized, role_id: RoleId, field: str
) -> None:
    """Raise RoleTooWide where the account's role, as stored now, gives more than the caller holds.

    Its holders gain or lose by a change of the role. So the check runs before and after the change, for the
    account and for every account where the role is in use.
    """
    role = await role_to_give(session, account, role_id, field)
    statement = _missing_where_used(account.master_id, role_id)
    here, below = (await session.execute(statement, principal.credentials.binds)).one()
    _check(role.name, here or 0, below or 0, field)


async def check_passing_all_roles(session: WriteSession, account: Authorized, field: str) -> None:
    """Raise RoleTooWide where passing all roles down would give more below the account than the caller holds
    there."""
    use = role_uses()
    gained = roles.c.inherited_mask.bitwise_and(roles.c.ancestor_mask.bitwise_not())
    statement = (
        select(func.bit_or(gained.bitwise_and(use.c.scopes_below)))
        .join(use, use.c.role_id == roles.c.id)
        .where(use.c.master_id == account.master_id, use.c.account_id == account.account_id)
    )
    given = (await session.execute(statement)).scalar_one() or 0
    _check("Passing all roles down", 0, given & ~account.below_mask, field)


def _missing_where_used(master_id: MasterId, role_id: RoleId) -> Select[Any]:
    """What the role gives and the caller lacks: masks (in accounts where it is in use, below them)."""
    use = role_uses()
    used_in = (
        select(use.c.master_id, use.c.account_id)
        .where(use.c.master_id == master_id, use.c.role_id == role_id)
        .distinct()
        .subquery()
    )
    granted = mask_of_account(accounts)
    here = func.coalesce(granted.c.lasting_mask, 0).bitwise_not()
    below = func.coalesce(granted.c.below_mask, 0).bitwise_not()
    return (
        select(
            func.bit_or(roles.c.member_mask.bitwise_and(here)),
            func.bit_or(below_mask(roles, accounts).bitwise_and(below)),
        )
        .select_from(used_in)
        .join(
            accounts,
            in_tree(accounts, used_in, id="account_id"),
        )
        .join(granted, true())
        .join(roles, roles.c.id == role_id)
    )


def _check(what: str, missing: int, missing_below: int, field: str) -> None:
    if missing or missing_below:
        raise RoleTooWide(what, permissions_in(missing), permissions_in(missing_below), field)
