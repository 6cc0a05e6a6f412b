"""Invitations, as member managers and the invited person see them."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, null, select

from authz.callers.tokens import TokenKind, digest
from authz.offers.acceptance import invitation_lapse
from authz.policy.permissions import Permission
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.invitations.tables import invitations
from models.people.users import users
from models.roles.tables import roles
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.inputs.people_search import SearchOfAddresses, is_in_address
from resolvers.rows.shown import account_behind, person_behind, role_behind, row_by_id
from resolvers.rows.subtrees import IncludeDescendants, belongs_to


class InvitationStatus(enum.Enum):
    """The status of an invitation."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    DECLINED = "DECLINED"
    LAPSED = "LAPSED"


BY_ID = Order("invitations", (invitations.c.id,), descending=True)
"""Newest first."""


def status_of(invitation: FromClause) -> ColumnElement[str]:
    """The status now. `lapse` explains LAPSED."""
    return case(
        (invitation.c.accepted_at.is_not(None), InvitationStatus.ACCEPTED.value),
        (invitation.c.declined, InvitationStatus.DECLINED.value),
        (invitation.c.revoked_at.is_not(None), InvitationStatus.REVOKED.value),
        (invitation.c.expires_at <= func.now(), InvitationStatus.EXPIRED.value),
        (invitation_lapse(invitation).is_not(None), InvitationStatus.LAPSED.value),
        else_=InvitationStatus.PENDING.value,
    )


def lapse_of(invitation: FromClause) -> ColumnElement[str]:
    """Why it is LAPSED; null otherwise. It becomes PENDING again when the reason goes away."""
    return case(
        (status_of(invitation) == InvitationStatus.LAPSED.value, invitation_lapse(invitation)), else_=null()
    )


def of_account(
    account: FromClause,
    status: Annotated[InvitationStatus | None, Described("Only those with this status.")] = None,
    search: SearchOfAddresses = None,
    include_descendants: IncludeDescendants = False,
) -> Select[Any]:
    """The account's invitations, newest first."""
    invitation = invitations.alias()
    listed = belongs_to(invitation, account, Permission.MEMBERS_READ, include_descendants=include_descendants)
    statement = select(*invitation.c).where(listed)
    if search is not None:
        statement = statement.where(is_in_address(search, invitation.c.email_canonical))
    if status is not None:
        statement = statement.where(status_of(invitation) == status.value)
    return statement


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.INVITATION)]) -> Select[Any]:
    """An invitation to an account whose members the viewer may see."""
    return row_by_id(invitations, id, Permission.MEMBERS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The invitation after the change."""
    return row_by_id(invitations, result.c.invitation_id, Permission.MEMBERS_READ)


def role_of(invitation: FromClause) -> Select[Any]:
    """The offered role."""
    return role_behind(invitation)


def inviter_of(invitation: FromClause) -> Select[Any]:
    """The person who invited; null if an API key did."""
    return person_behind(invitation, "inviter_user_id")


def account_of(invitation: FromClause) -> Select[Any]:
    """The account that the invitation is for."""
    return account_behind(invitation)


def invitation_preview(token: str) -> Select[Any]:
    """What the holder of a link may know before accepting: no row where it cannot be accepted, else
    (account_name, inviter_name, role_name, role_description, role_mask, email, expires_at)."""
    return (
        select(
            accounts.c.name.label("account_name"),
            users.c.name.label("inviter_name"),
            roles.c.name.label("role_name"),
            roles.c.description.label("role_description"),
            roles.c.member_mask.label("role_mask"),
            invitations.c.email,
            invitations.c.expires_at,
        )
        .join(
            accounts,
            in_tree(accounts, invitations, id="account_id"),
        )
        .join(roles, roles.c.id == invitations.c.role_id)
        .outerjoin(users, users.c.id == invitations.c.inviter_user_id)
        .where(
            invitations.c.digest == digest(token, TokenKind.INVITATION),
            status_of(invitations) == InvitationStatus.PENDING.value,
        )
    )
