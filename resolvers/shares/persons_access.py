"""What a person has in an account and in those below it, as far as the caller may see their members."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, or_, select

from authz.callers.principals import Principal, key_works
from authz.guards.delegation import RoleGrant
from authz.policy.permissions import Permission
from authz.reach.grants import below_mask, membership_holds
from authz.reach.reach import account_where
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, InvitationId, MembershipId, ShareId, UserId
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.people.users import users
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares


@dataclass(frozen=True)
class HeldMembership:
    """A membership of the person, with its role."""

    id: MembershipId
    account_id: AccountId
    role: RoleGrant
    expires_at: datetime.datetime | None


@dataclass(frozen=True)
class OpenedAccount:
    """An account that a share opens to the person, or offers to the person's address."""

    share_id: ShareId
    account_id: AccountId
    accepted: bool
    expires_at: datetime.datetime | None


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that waits for the person's address."""

    id: InvitationId
    account_id: AccountId
    email: str
    member_expires_at: datetime.datetime | None


@dataclass(frozen=True)
class PersonsAccess:
    """All of it."""

    memberships: Sequence[HeldMembership]
    opened: Sequence[OpenedAccount]
    invitations: Sequence[OpenInvitation]

    @property
    def is_known(self) -> bool:
        """Whether the person is, or was until it expired, a member or guest. An address that was only invited
        is nobody yet: who asks shall not learn whose it is."""
        return bool(self.memberships) or any(place.accepted for place in self.opened)

    @property
    def account_ids(self) -> list[AccountId]:
        """The accounts, each once."""
        held = {each.account_id for each in self.memberships}
        opened = {each.account_id for each in self.opened}
        return sorted(held | opened | {each.account_id for each in self.invitations})

    @property
    def until(self) -> datetime.datetime | None:
        """When the last of it would end by itself; None: never."""
        ends = [
            *(each.expires_at for each in self.memberships),
            *(each.expires_at for each in self.opened),
            *(each.member_expires_at for each in self.invitations),
        ]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


async def persons_access(
    session: WriteSession, principal: Principal, account_id: AccountId, user_id: UserId
) -> PersonsAccess:
    """What the person has in the account's subtree, where the caller has MEMBERS_READ."""

    async def rows(statement: Select[Any]) -> Sequence[Any]:
        return list(await session.execute(statement, principal.credentials.binds))

    held = [
        HeldMembership(row.id, row.account_id, RoleGrant(*row[3:]), row.expires_at)
        for row in await rows(_memberships(account_id, user_id))
    ]
    opened = [OpenedAccount(*row) for row in await rows(_shares(account_id, user_id))]
    invited = [OpenInvitation(*row) for row in await rows(_invitations(account_id, user_id))]
    return PersonsAccess(held, opened, invited)


async def count_working_keys(
    session: WriteSession, principal: Principal, account_id: AccountId, user_id: UserId
) -> int:
    """How many API keys for which the person answers still work in the subtree, where the caller has
    API_KEYS_READ."""
    maker = func.coalesce(api_keys.c.adopter_user_id, api_keys.c.creator_user_id)
    kept = select(func.count()).where(
        _is_below(api_keys, account_id, Permission.API_KEYS_READ), maker == user_id, key_works(api_keys)
    )
    count: int = (await session.execute(kept, principal.credentials.binds)).scalar_one()
    return count


def _memberships(account_id: AccountId, user_id: UserId) -> Select[Any]:
    return (
        select(
            memberships.c.id,
            memberships.c.account_id,
            memberships.c.expires_at,
            roles.c.id.label("role_id"),
            roles.c.name,
            roles.c.member_mask,
            below_mask(roles, accounts),
        )
        .join(roles, roles.c.id == memberships.c.role_id)
        .join(accounts, in_tree(accounts, memberships, id="account_id"))
        .where(
            memberships.c.user_id == user_id,
            membership_holds(),
            _is_below(memberships, account_id, Permission.MEMBERS_READ),
        )
        .order_by(memberships.c.id)
    )


def _shares(account_id: AccountId, user_id: UserId) -> Select[Any]:
    """Expired ones too: somebody could prolong them."""
    offered = shares.c.user_id.is_(None) & (shares.c.email_canonical == _address_of(user_id))
    return (
        select(shares.c.id, share_accounts.c.account_id, shares.c.user_id.is_not(None), shares.c.expires_at)
        .join(share_accounts, in_tree(share_accounts, shares, share_id="id"))
        .where(
            shares.c.revoked_at.is_(None),
            or_(shares.c.user_id == user_id, offered),
            _is_below(share_accounts, account_id, Permission.MEMBERS_READ),
        )
        .order_by(shares.c.id, share_accounts.c.account_id)
    )


def _invitations(account_id: AccountId, user_id: UserId) -> Select[Any]:
    invitation = invitations.c
    return (
        select(invitation.id, invitation.account_id, invitation.email, invitation.member_expires_at)
        .where(
            invitation.email_canonical == _address_of(user_id),
            invitation.accepted_at.is_(None),
            invitation.revoked_at.is_(None),
            invitation.expires_at > func.now(),
            _is_below(invitations, account_id, Permission.MEMBERS_READ),
        )
        .order_by(invitation.id)
    )


def _address_of(user_id: UserId) -> ColumnElement[str]:
    """Only a verified one is the person's."""
    address = select(users.c.email_canonical)
    return address.where(users.c.id == user_id, users.c.email_verified_at.is_not(None)).scalar_subquery()


def _is_below(rows: FromClause, account_id: uuid.UUID, permission: Permission) -> ColumnElement[bool]:
    path = account_closure.alias()
    below = exists(
        select(path.c.depth)
        .where(in_tree(path, rows, descendant_id="account_id"), path.c.ancestor_id == account_id)
        .correlate(rows)
    )
    return and_(below, account_where(rows, permission))
