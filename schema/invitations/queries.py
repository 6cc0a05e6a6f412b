"""What the holder of an invitation's link sees."""

import datetime
from typing import Annotated

import strawberry

from authz.callers.tokens import TokenKind, digest
from authz.policy.permissions import Permission, permissions_in
from authz.wall.row_security import entering_by_link
from engine.base.marks import Public
from resolvers.invitations.reads import invitation_preview
from schema.fields.context import ContextInfo
from schema.fields.marks import ANYBODY


@strawberry.type(
    description="What the holder of an invitation's link sees before accepting.", directives=[Public()]
)
class InvitationPreview:
    account_name: str = strawberry.field(description="The name of the account.")
    inviter_name: str | None = strawberry.field(
        description="The name of the person who invites; null for an API key."
    )
    role_name: str = strawberry.field(description="The offered role.")
    role_description: str = strawberry.field(description="The purpose of the role.")
    permissions: list[Permission] = strawberry.field(
        description="The permissions of the role in the account."
    )
    email: str = strawberry.field(description="The invited e-mail address.")
    expires_at: datetime.datetime = strawberry.field(description="Until when it can be accepted.")


@strawberry.type
class InvitationQuery:
    @strawberry.field(
        directives=ANYBODY, description="What the link of an invitation offers; null if it offers nothing."
    )
    async def invitation(
        self,
        info: ContextInfo,
        token: Annotated[str, strawberry.argument(description="The secret after the `#` of the link.")],
    ) -> InvitationPreview | None:
        reader, link = info.context.reader, digest(token, TokenKind.INVITATION)
        await reader.rows(entering_by_link(info.context.credentials, link))
        rows = await reader.rows(invitation_preview(token))
        if not rows:
            return None
        permissions = list(permissions_in(rows[0].pop("role_mask")))
        return InvitationPreview(**rows[0], permissions=permissions)
