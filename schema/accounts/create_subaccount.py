"""Making subaccounts."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind
from resolvers.accounts import create_subaccount as writes
from resolvers.accounts import reads as accounts
from resolvers.api_keys import reads as api_keys
from resolvers.inputs.global_ids import required
from resolvers.invitations import reads as invitations
from schema.accounts.types import Account
from schema.api_keys.types import ApiKey
from schema.fields.context import ContextInfo, principal_of
from schema.fields.links import invitation_link
from schema.fields.payloads import Payload, payload, replayed
from schema.fields.writes import needs, perform
from schema.invitations.types import Invitation


@strawberry.input(description="A complete account below another.")
class SubaccountCreateInput:
    parent_id: strawberry.ID = strawberry.field(description="The account that will manage it.")
    name: str = strawberry.field(description="1 to 200 characters.")
    external_id: str | None = strawberry.field(
        default=None,
        description="Your own id for it, 1 to 200 characters, unique among the parent's accounts that are "
        "not closed. Case and accents count.",
    )
    owner_email: str | None = strawberry.field(
        default=None, description="Who is invited to own it; without it the parent alone manages it."
    )
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters. The same key again within 30 days makes nothing new."
    )


@entity(None, carries={"account_id": Uuid(), "api_key_id": Uuid(), "invitation_id": Uuid()})
class SubaccountCreatePayload(Payload):
    """A subaccount that was made."""

    account: Account | None = to_one(accounts.of_result)
    api_key: ApiKey | None = to_one(
        api_keys.of_result, description="The subaccount's first API key (R6), an administrator's."
    )
    secret: str | None = strawberry.field(
        default=None, description="The API key's secret, told this once; null when replayed."
    )
    invitation: Invitation | None = to_one(
        invitations.of_result, description="What was sent to the owner's address."
    )
    replayed: bool = replayed()


@strawberry.type
class SubaccountMutation:
    @strawberry.mutation(
        directives=needs(Permission.SUBACCOUNTS_WRITE),
        description="Make a subaccount, with its first API key and, if asked, an invitation of its owner.",
    )
    async def subaccount_create(
        self, info: ContextInfo, input: SubaccountCreateInput
    ) -> SubaccountCreatePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SubaccountCreatePayload:
            command = writes.SubaccountCreation(
                AccountId(required(Kind.ACCOUNT, input.parent_id, "parentId")),
                input.name,
                input.external_id,
                input.owner_email,
                input.idempotency_key,
                invitation_link(info),
                info.context.subaccount_set_up,
            )
            made = await writes.create_subaccount(session, principal, command)
            return payload(
                SubaccountCreatePayload,
                account_id=made.account_id,
                api_key_id=made.api_key_id,
                invitation_id=made.invitation_id,
                secret=made.secret,
                replayed=made.replayed,
            )

        return await perform(info, SubaccountCreatePayload, write)
