"""Mutations of shares."""

import datetime
import uuid

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Area, Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, ShareId
from resolvers.inputs.global_ids import required
from resolvers.shares import accept as acceptance
from resolvers.shares import create as writes
from resolvers.shares import reads as shares
from resolvers.shares import update as updates
from resolvers.shares.decline_offer import decline_share
from schema.fields.context import Context
from schema.fields.dry_runs import dry_run
from schema.fields.idempotency import idempotency_key, replayed
from schema.fields.ids import account_ids, role_id
from schema.fields.marks import ANYBODY, OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, payload
from schema.fields.updates import converted, expected_version, given, given_value, may_stay, set_or_none
from schema.invitations.mutations import DeclineInput, DeclinePayload
from schema.shares.types import Share


@strawberry.input(description="A share of accounts with an e-mail address.")
class ShareCreateInput:
    account_ids: list[strawberry.ID] = strawberry.field(description="1 to 100 accounts of one tree.")
    email: str = strawberry.field(description="The e-mail address.")
    role_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The role in each account, from `Account.roles`. Give either `roleId` or `areas`.",
    )
    areas: list[Area] | None = strawberry.field(
        default=None,
        description="The areas in which the person has the rights of an administrator. Give either `roleId` "
        "or `areas`.",
    )
    hidden_areas: list[Area] = strawberry.field(
        default_factory=list, description="The areas that stay hidden, whatever the role gives."
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When it expires. Left out, it does not expire."
    )
    idempotency_key: str = idempotency_key("it sends nothing more")
    dry_run: bool = dry_run()


@strawberry.input(
    description="A share's new values. Fields that are left out stay as they are; the address cannot be "
    "changed."
)
class ShareUpdateInput:
    share_id: strawberry.ID = strawberry.field(description="The share.")
    expected_version: int = expected_version()
    account_ids: list[strawberry.ID] | None = may_stay("All accounts of the share, 1 to 100.")
    role_id: strawberry.ID | None = may_stay("The role in each account. It replaces the areas.")
    areas: list[Area] | None = may_stay(
        "The areas in which the person has the rights of an administrator. They replace the role. With "
        "areas nothing can be hidden: if the share hides areas, send `hiddenAreas: null` as well."
    )
    hidden_areas: list[Area] | None = may_stay(
        "The areas that stay hidden, whatever the role gives; null or an empty list for none."
    )
    expires_at: datetime.datetime | None = may_stay("When it expires; null if it shall not.")
    dry_run: bool = dry_run()


@strawberry.input(description="The share to revoke or give up.")
class ShareInput:
    share_id: strawberry.ID = strawberry.field(description="The share.")
    dry_run: bool = dry_run()


@strawberry.input(description="The link of a share.")
class ShareAcceptInput:
    token: str = strawberry.field(description="The secret after the `#` of the link.")
    dry_run: bool = dry_run()


@entity(None, carries={"share_id": Uuid()})
class SharePayload(AccessPayload):
    """The created or changed share."""

    share: Share | None = to_one(shares.of_result)
    replayed: bool = replayed()


@strawberry.type
class ShareMutation:
    @mutation(needs(Permission.MEMBERS_WRITE))
    async def share_create(
        self, session: WriteSession, principal: Principal, context: Context, input: ShareCreateInput
    ) -> SharePayload:
        """Share accounts with somebody by e-mail. You must have every permission that the share gives, and
        not only through another share."""
        command = writes.ShareCreation(
            account_ids=account_ids(input.account_ids),
            email=input.email,
            scope=_scope(input),
            expires_at=input.expires_at,
            idempotency_key=input.idempotency_key,
            link=context.offer_page,
        )
        return _payload(await writes.create_share(session, principal, command))

    @mutation(needs(Permission.MEMBERS_WRITE))
    async def share_update(
        self, session: WriteSession, principal: Principal, input: ShareUpdateInput
    ) -> SharePayload:
        """Change a share, with effect from the next request."""
        command = updates.ShareUpdate(
            share_id=_share_id(input.share_id),
            expected_version=input.expected_version,
            account_ids=converted(given_value(input.account_ids, "accountIds"), account_ids),
            role_id=converted(given(input.role_id), _role_id),
            areas=converted(given(input.areas), set_or_none),
            hidden_areas=converted(given(input.hidden_areas), lambda areas: frozenset(areas or ())),
            expires_at=given(input.expires_at),
        )
        return _payload(await updates.update_share(session, principal, command))

    @mutation(needs(Permission.MEMBERS_WRITE))
    async def share_revoke(
        self, session: WriteSession, principal: Principal, input: ShareInput
    ) -> SharePayload:
        """Revoke a share, with effect from the next request."""
        return _payload(await updates.revoke_share(session, principal, _share_id(input.share_id)))

    @mutation(OPEN)
    async def share_accept(
        self, session: WriteSession, principal: Principal, input: ShareAcceptInput
    ) -> SharePayload:
        """Accept a share. You must be signed in as the person with the address."""
        return _payload(await acceptance.accept_share(session, principal, input.token))

    @mutation(OPEN)
    async def share_leave(
        self, session: WriteSession, principal: Principal, input: ShareInput
    ) -> SharePayload:
        """Give up a share that you accepted."""
        return _payload(await acceptance.leave_share(session, principal, _share_id(input.share_id)))

    @mutation(ANYBODY)
    async def share_decline(self, session: WriteSession, input: DeclineInput) -> DeclinePayload:
        """Decline a share. Everybody with the link can do it, without being signed in."""
        await decline_share(session, input.token)
        return payload(DeclinePayload, declined=True)


def _payload(made: writes.ShareMade) -> SharePayload:
    return payload(SharePayload, share_id=made.share_id, replayed=made.replayed)


def _share_id(text: str) -> ShareId:
    return ShareId(required(Kind.SHARE, text, "shareId"))


def _scope(input: ShareCreateInput) -> writes.WantedScope:
    return writes.WantedScope(
        role_id=_role_id(input.role_id),
        areas=set_or_none(input.areas),
        hidden_areas=frozenset(input.hidden_areas),
    )


def _role_id(id_: strawberry.ID | None) -> uuid.UUID | None:
    return None if id_ is None else role_id(id_)
