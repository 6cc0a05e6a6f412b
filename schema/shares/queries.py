"""What the holder of a share's link sees."""

import datetime
from typing import Annotated

import strawberry

from authz.callers.tokens import TokenKind, digest
from authz.policy.permissions import Area
from authz.wall.row_security import entering_by_link
from engine.base.marks import Public
from resolvers.shares.reads import share_preview
from schema.fields.context import ContextInfo
from schema.fields.marks import ANYBODY


@strawberry.type(
    description="What the holder of a share's link sees before accepting.", directives=[Public()]
)
class SharePreview:
    account_names: list[str] = strawberry.field(description="The names of the shared accounts.")
    giver_name: str | None = strawberry.field(
        description="The name of the person who shares; null for an API key."
    )
    role_name: str | None = strawberry.field(description="The role that it gives; null if it gives areas.")
    role_description: str | None = strawberry.field(
        description="The purpose of the role; null if it gives areas."
    )
    areas: list[Area] | None = strawberry.field(
        description="The areas that it gives; null if it gives a role."
    )
    hidden_areas: list[Area] = strawberry.field(description="The areas that stay hidden.")
    email: str = strawberry.field(description="The invited e-mail address.")
    expires_at: datetime.datetime = strawberry.field(description="Until when it can be accepted.")


@strawberry.type
class ShareQuery:
    @strawberry.field(
        directives=ANYBODY, description="What the link of a share offers; null if it offers nothing."
    )
    async def share(
        self,
        info: ContextInfo,
        token: Annotated[str, strawberry.argument(description="The secret after the `#` of the link.")],
    ) -> SharePreview | None:
        reader, link = info.context.reader, digest(token, TokenKind.SHARE)
        await reader.rows(entering_by_link(info.context.credentials, link))
        rows = await reader.rows(share_preview(token))
        if not rows:
            return None
        areas = rows[0].pop("areas")
        hidden = [Area(area) for area in rows[0].pop("hidden_areas")]
        shown = None if areas is None else [Area(area) for area in areas]
        return SharePreview(**rows[0], areas=shown, hidden_areas=hidden)
