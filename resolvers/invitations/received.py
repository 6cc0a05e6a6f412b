"""Invitations as the invited person sees them, before it is in the tree: by the address, once it is proved.

The rows come from a stored function that looks past row level security, see `functions.py`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    LargeBinary,
    Select,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    literal,
    select,
)

from authz.callers.principals import DIGEST_NAME, Credentials
from authz.callers.tokens import Digest, TokenKind, digest
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from authz.wall.staff_door import ColumnTypes
from engine.declare.paging import Order
from engine.writes.sessions import WriteSession
from models.base.ids import InvitationId
from models.invitations.tables import invitations

RECEIVED: ColumnTypes = {
    "id": Uuid(),
    "account_name": Text(),
    "inviter_name": Text(),
    "role_name": Text(),
    "role_description": Text(),
    "role_mask": BigInteger(),
    "created_at": DateTime(timezone=True),
    "expires_at": DateTime(timezone=True),
    "member_expires_at": DateTime(timezone=True),
}
"""What the invited person sees of an invitation."""

NEWEST_FIRST = Order("viewer.invitations", (invitations.c.id,), descending=True)


def of_viewer(viewer: FromClause) -> Select[Any]:
    """The invitations to your address that you can accept or decline, newest first. Empty until the address
    is verified."""
    principal = bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
    found = func.mandant_received_invitations(principal).table_valued(
        *[column(name, type_) for name, type_ in RECEIVED.items()]
    )
    return select(*found.c)


def permissions_of(invitation: FromClause) -> ColumnElement[int]:
    """The permissions of the role in the account."""
    return invitation.c.role_mask


@dataclass(frozen=True)
class NamedInvitation:
    """An invitation by the secret of its link, or by its id for the person with its address: one of both."""

    token: str | None = None
    invitation_id: InvitationId | None = None


async def link_of(session: WriteSession, credentials: Credentials, named: NamedInvitation) -> Digest:
    """The digest of the invitation's link, which leads into its tree. Raises BAD_USER_INPUT unless one of
    both is given, and NotFound, also for an id where the caller's address is another one or not verified."""
    if (named.token is None) == (named.invitation_id is None):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give the token or the id of the invitation.", "token")
    if named.token is not None:
        found = digest(named.token, TokenKind.INVITATION)
    else:
        id_ = literal(named.invitation_id, Uuid)
        asked = func.mandant_link_of_invitation(literal(credentials.digest, LargeBinary), id_)
        found = (await session.execute(select(asked))).scalar_one()
    if found is None:
        raise NotFound("invitationId" if named.token is None else "token")
    return Digest(found)
