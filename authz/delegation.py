"""Nobody gives what he does not hold (N19, T4)."""

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from authz.guard import Authorized
from authz.permissions import Permission
from authz.principals import subject_rows
from authz.reach import below_mask, grants_of, mask_of_account
from authz.refusals import NotFound, Refusal, RefusalCode
from models.accounts import accounts
from models.identifiers import ApiKeyId, RoleId, UserId
from models.roles import roles


@dataclass(frozen=True)
class RoleGrant:
    """What a role would give its holder in one account."""

    id: RoleId
    name: str
    mask: int
    below_mask: int

    def within(self, mask: int, below: int) -> bool:
        """Whether a holder of these masks holds all that the role gives."""
        return not (self.mask & ~mask or self.below_mask & ~below)


async def role_in(session: AsyncSession, account: Authorized, role_id: uuid.UUID) -> RoleGrant:
    """A role that can be held in the account. Raises NotFound."""
    statement = (
        select(roles.c.id, roles.c.name, roles.c.member_mask, below_mask(roles, accounts))
        .join(
            accounts,
            and_(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id),
        )
        .where(roles.c.id == role_id, _usable_in(account))
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("roleId")
    return RoleGrant(*row)


async def role_to_give(
    session: AsyncSession, account: Authorized, role_id: uuid.UUID, field: str = "roleId"
) -> RoleGrant:
    """A role that the principal may give to others, or take from them, in the account.

    Raises NotFound, and Refusal with ROLE_TOO_WIDE where it gives more than the principal holds.
    """
    role = await role_in(session, account, role_id)
    if not role.within(account.mask, account.below_mask):
        raise Refusal(RefusalCode.ROLE_TOO_WIDE, f"{role.name} gives more than you hold here.", field)
    return role


async def still_gives(
    session: AsyncSession,
    account: Authorized,
    role: RoleGrant,
    giver_user_id: UserId | None,
    giver_api_key_id: ApiKeyId | None,
) -> bool:
    """Whether whoever offered the role may still give it: asked again when it is accepted (T14)."""
    granted = mask_of_account(accounts, grants_of(subject_rows(giver_user_id, giver_api_key_id)))
    statement = (
        select(granted.c.mask, granted.c.below_mask)
        .select_from(accounts.join(granted, true()))
        .where(accounts.c.master_id == account.master_id, accounts.c.id == account.account_id)
    )
    row = (await session.execute(statement)).one()
    if row.mask is None or not row.mask & Permission.MEMBERS_WRITE.bit:
        return False
    return role.within(row.mask, row.below_mask)


def _usable_in(account: Authorized) -> ColumnElement[bool]:
    return or_(roles.c.account_id.is_(None), roles.c.account_id == account.account_id)
