"""What the holder of a share's link may know."""

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
    description="What the holder of a share's link may know before accepting.", directives=[Public()]
)
class SharePreview:
    account_names: list[str] = strawberry.field(description="What it opens.")
    giver_name: str | None = strawberry.field(description="Who shares; null: a program.")
    role_name: str | None = strawberry.field(description="The role that it gives; null: areas.")
    role_description: str | None = strawberry.field(description="What the role is for; null: areas.")
    areas: list[Area] | None = strawberry.field(description="The areas that it opens; null: a role.")
    hidden_areas: list[Area] = strawberry.field(description="What stays hidden.")
    email: str = strawberry.field(description="For whom it was made.")
    expires_at: datetime.datetime = strawberry.field(description="Until when it can be accepted.")


@strawberry.type
class ShareQuery:
    @strawberry.field(
        directives=ANYBODY, description="What a share's link offers; null where it offers nothing."
    )
    async def share(
        self,
        info: ContextInfo,
        token: Annotated[str, strawberry.argument(description="The secret of the link.")],
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
