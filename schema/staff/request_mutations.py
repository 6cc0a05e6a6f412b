"""Asking platform support for subaccounts."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind
from resolvers.inputs.global_ids import required
from resolvers.staff import request_subaccounts as writes
from resolvers.staff import subaccounts_requests as reads
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import Payload, payload
from schema.fields.writes import needs, perform
from schema.staff.types import SubaccountsRequest


@strawberry.input(description="A request that platform support unlock subaccounts.")
class SubaccountsRequestInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")
    reason: str = strawberry.field(description="What you need them for, 1 to 200 characters.")


@strawberry.input(description="A request for subaccounts shall not be answered any more.")
class SubaccountsRequestWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")


@entity(None, carries={"request_id": Uuid()})
class SubaccountsRequestPayload(Payload):
    """A request that was made or taken back."""

    request: SubaccountsRequest | None = to_one(reads.of_result)


@strawberry.type
class SubaccountsRequestMutation:
    @strawberry.mutation(
        directives=needs(Permission.SUBACCOUNTS_WRITE),
        description="Ask platform support to unlock subaccounts for the whole tree, where the platform does "
        "not leave them to its customers. One request can wait at a time.",
    )
    async def subaccounts_request(
        self, info: ContextInfo, input: SubaccountsRequestInput
    ) -> SubaccountsRequestPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SubaccountsRequestPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            set_up = info.context.subaccount_set_up
            made = await writes.request_subaccounts(session, principal, account_id, input.reason, set_up)
            return payload(SubaccountsRequestPayload, request_id=made.request_id)

        return await perform(info, SubaccountsRequestPayload, write)

    @strawberry.mutation(
        directives=needs(Permission.SUBACCOUNTS_WRITE),
        description="Take back the request that waits for platform support; nothing else changes.",
    )
    async def subaccounts_request_withdraw(
        self, info: ContextInfo, input: SubaccountsRequestWithdrawInput
    ) -> SubaccountsRequestPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> SubaccountsRequestPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            taken_back = await writes.withdraw_subaccounts_request(session, principal, account_id)
            return payload(SubaccountsRequestPayload, request_id=taken_back.request_id)

        return await perform(info, SubaccountsRequestPayload, write)
