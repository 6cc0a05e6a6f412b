"""Where a role is used, as far as the viewer may see it."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    or_,
    select,
)

from authz.policy.permissions import Permission, allows
from authz.reach.reach import readable_accounts
from authz.reach.role_uses import RoleUseKind, role_uses
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.invitations.tables import invitations
from models.people.users import users
from models.shares.tables import shares
from resolvers.members.reads import OWN_MEMBERS
from resolvers.rows.shown import account_behind

BY_ID = Order("roleUses", (column("id", Uuid), column("account_id", Uuid)))


def of_role(role: FromClause) -> Select[Any]:
    """Everything that has or offers a custom role, in its account and below it. The role can be deleted when
    there is nothing left. Members, invitations and shares are listed if you have MEMBERS_READ in their
    account, keys if you have API_KEYS_READ; others are not counted either. Empty for a built-in role: use
    `Account.members(roleId:)`."""
    use = role_uses()
    _, statement = readable_accounts()
    account = statement.subquery("readable")
    seen = or_(
        and_(use.c.kind == RoleUseKind.API_KEY.value, allows(account.c.mask, Permission.API_KEYS_READ)),
        and_(use.c.kind != RoleUseKind.API_KEY.value, allows(account.c.mask, Permission.MEMBERS_READ)),
    )
    return (
        select(use.c.master_id, use.c.account_id, use.c.kind, use.c.id)
        .select_from(use.join(account, in_tree(account, use, id="account_id")))
        .where(in_tree(use, role, role_id="id"), seen)
    )


def subject_id(use: FromClause) -> ColumnElement[str]:
    """The global id of the member, the invitation, the API key or the share."""
    kinds = [(use.c.kind == kind.value, f"{kind.node}_") for kind in RoleUseKind]
    return func.concat(case(*kinds), cast(use.c.id, Text))


def name_of(use: FromClause) -> ColumnElement[str]:
    """The name of the person or key; for an invitation or share, the e-mail address."""
    names = [_name_of_member(use)] + [
        select(table.c[name]).where(in_tree(table, use, id="id"))
        for table, name in ((invitations, "email"), (api_keys, "name"), (shares, "email"))
    ]
    return func.coalesce(*(found.correlate(use).scalar_subquery() for found in names))


def _name_of_member(use: FromClause) -> Select[Any]:
    member = OWN_MEMBERS.alias()
    same = in_tree(member, use, id="id")
    return select(users.c.name).join(member, member.c.user_id == users.c.id).where(same)


def account_of(use: FromClause) -> Select[Any]:
    """The account in which it has the role."""
    return account_behind(use)


def member_of(use: FromClause) -> Select[Any]:
    """The member; null for others."""
    member = OWN_MEMBERS.alias()
    return select(*member.c).where(_is(member, use, RoleUseKind.MEMBER))


def invitation_of(use: FromClause) -> Select[Any]:
    """The invitation; null for others."""
    return select(*invitations.c).where(_is(invitations, use, RoleUseKind.INVITATION))


def key_of(use: FromClause) -> Select[Any]:
    """The API key; null for others."""
    return select(*api_keys.c).where(_is(api_keys, use, RoleUseKind.API_KEY))


def share_of(use: FromClause) -> Select[Any]:
    """The share; null for others."""
    return select(*shares.c).where(_is(shares, use, RoleUseKind.SHARE))


def _is(thing: FromClause, use: FromClause, kind: RoleUseKind) -> ColumnElement[bool]:
    same = in_tree(thing, use, id="id")
    return and_(same, use.c.kind == kind.value)
