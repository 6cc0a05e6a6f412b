"""What changes shares, and what the holder of a link may know."""

import datetime
import uuid
from typing import Annotated

import strawberry
from sqlalchemy import Uuid

from authz.callers.tokens import TokenKind, digest
from authz.policy.permissions import Area, Permission
from authz.wall.row_security import entering_by_link
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind, ShareId
from resolvers.inputs.global_ids import required
from resolvers.shares import accept as acceptance
from resolvers.shares import create as writes
from resolvers.shares import reads as shares
from resolvers.shares import update as updates
from resolvers.shares.decline_offer import decline_share
from resolvers.shares.reads import share_preview
from schema.fields.access_changes import AccessChange, access_changes, dry_run, more_access_changes
from schema.fields.context import ContextInfo, principal_of
from schema.fields.links import invitation_link
from schema.fields.updates import converted, expected_version, given, given_value, may_stay
from schema.fields.user_errors import UserError
from schema.fields.writes import ANYBODY, OPEN, authz_revision, needs, payload, perform, user_errors
from schema.invitations.mutations import DeclineInput, DeclinePayload
from schema.shares.types import Share


@strawberry.input(description="Accounts that are opened to an e-mail address by one grant.")
class ShareCreateInput:
    account_ids: list[strawberry.ID] = strawberry.field(description="1 to 100 accounts of one tree.")
    email: str = strawberry.field(description="The e-mail address.")
    role_id: strawberry.ID | None = strawberry.field(
        default=None, description="The role in each of them, see `Account.roles`; or else `areas`."
    )
    areas: list[Area] | None = strawberry.field(
        default=None,
        description="Instead of a role: what an administrator may do in these areas alone (R38).",
    )
    hidden_areas: list[Area] = strawberry.field(
        default_factory=list, description="What stays hidden, whatever the role gives (R24)."
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When it ends by itself; left out: never."
    )
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters. The same key again within 30 days sends nothing new."
    )
    dry_run: bool = dry_run()


@strawberry.input(
    description="What a share shall be from now on. What is left out stays, and the address always does."
)
class ShareUpdateInput:
    share_id: strawberry.ID = strawberry.field(description="The share.")
    expected_version: int = expected_version()
    account_ids: list[strawberry.ID] | None = may_stay("All the accounts that it opens: 1 to 100.")
    role_id: strawberry.ID | None = may_stay("The role in each of them, in the place of areas.")
    areas: list[Area] | None = may_stay(
        "What an administrator may do in these areas alone, in the place of a role. Nothing stays hidden in "
        "areas: where something does, give `hiddenAreas: null` beside them."
    )
    hidden_areas: list[Area] | None = may_stay(
        "What stays hidden, whatever the role gives; null or an empty list: nothing."
    )
    expires_at: datetime.datetime | None = may_stay("When it ends by itself; null: never.")
    dry_run: bool = dry_run()


@strawberry.input(description="Which share to revoke or to give back.")
class ShareInput:
    share_id: strawberry.ID = strawberry.field(description="The share.")
    dry_run: bool = dry_run()


@strawberry.input(description="The secret of a share's link.")
class ShareAcceptInput:
    token: str = strawberry.field(description="The secret behind the link's `#`.")
    dry_run: bool = dry_run()


@entity(None, carries={"share_id": Uuid()})
class SharePayload:
    """A share that was made or changed."""

    share: Share | None = to_one(shares.of_result)
    replayed: bool = strawberry.field(
        default=False, description="It was made by an earlier request under the same key."
    )
    access_changes: list[AccessChange] | None = access_changes()
    more_access_changes: bool = more_access_changes()
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


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


@strawberry.type
class ShareMutation:
    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE),
        description="Share accounts with somebody by e-mail. You must hold all that it gives, by yourself.",
    )
    async def share_create(self, info: ContextInfo, input: ShareCreateInput) -> SharePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SharePayload:
            command = writes.ShareCreation(
                _account_ids(input.account_ids),
                input.email,
                _scope(input),
                input.expires_at,
                input.idempotency_key,
                invitation_link(info),
            )
            return _payload(await writes.create_share(session, principal, command))

        return await perform(info, SharePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE),
        description="Change what a share opens, from the next request on.",
    )
    async def share_update(self, info: ContextInfo, input: ShareUpdateInput) -> SharePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SharePayload:
            command = updates.ShareUpdate(
                share_id=ShareId(required(Kind.SHARE, input.share_id, "shareId")),
                expected_version=input.expected_version,
                account_ids=converted(given_value(input.account_ids, "accountIds"), _account_ids),
                role_id=converted(given(input.role_id), _role_id),
                areas=converted(given(input.areas), _areas),
                hidden_areas=converted(given(input.hidden_areas), lambda areas: frozenset(areas or ())),
                expires_at=given(input.expires_at),
            )
            return _payload(await updates.update_share(session, principal, command))

        return await perform(info, SharePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.MEMBERS_WRITE), description="End a share, from the next request on."
    )
    async def share_revoke(self, info: ContextInfo, input: ShareInput) -> SharePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SharePayload:
            share_id = ShareId(required(Kind.SHARE, input.share_id, "shareId"))
            return _payload(await updates.revoke_share(session, principal, share_id))

        return await perform(info, SharePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=OPEN, description="Take what is shared with you. Only for the person with the address."
    )
    async def share_accept(self, info: ContextInfo, input: ShareAcceptInput) -> SharePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SharePayload:
            return _payload(await acceptance.accept_share(session, principal, input.token))

        return await perform(info, SharePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(directives=OPEN, description="Give back what was shared with you.")
    async def share_leave(self, info: ContextInfo, input: ShareInput) -> SharePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SharePayload:
            share_id = ShareId(required(Kind.SHARE, input.share_id, "shareId"))
            return _payload(await acceptance.leave_share(session, principal, share_id))

        return await perform(info, SharePayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=ANYBODY,
        description="Answer a share with no. For whoever holds the link; nobody has to be signed in.",
    )
    async def share_decline(self, info: ContextInfo, input: DeclineInput) -> DeclinePayload:
        async def write(session: WriteSession) -> DeclinePayload:
            await decline_share(session, input.token)
            return payload(DeclinePayload, declined=True)

        return await perform(info, DeclinePayload, write)


def _payload(made: writes.ShareMade) -> SharePayload:
    return payload(SharePayload, share_id=made.share_id, replayed=made.replayed)


def _account_ids(ids: list[strawberry.ID]) -> list[AccountId]:
    return [AccountId(required(Kind.ACCOUNT, id_, "accountIds")) for id_ in ids]


def _scope(input: ShareCreateInput) -> writes.WantedScope:
    return writes.WantedScope(_role_id(input.role_id), _areas(input.areas), frozenset(input.hidden_areas))


def _role_id(id_: strawberry.ID | None) -> uuid.UUID | None:
    return None if id_ is None else required(Kind.ROLE, id_, "roleId")


def _areas(areas: list[Area] | None) -> frozenset[Area] | None:
    return None if areas is None else frozenset(areas)
