"""Mutations that make and end promises."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccessPromiseId, Kind, RoleId
from resolvers.inputs.global_ids import required
from resolvers.promises import change, reads
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.promises.types import AccessPromise


@strawberry.input(description="What is promised.")
class AccessPromiseCreateInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account that it is about, and that makes it."
    )
    permission: Permission = strawberry.field(description="The permission.")
    role_ids: list[strawberry.ID] = strawberry.field(
        description="The roles whose holders may have it, 1 to 20 of `Account.roles`. OWNER is one as any "
        "other."
    )


@strawberry.input(description="The promise to end.")
class AccessPromiseEndInput:
    access_promise_id: strawberry.ID = strawberry.field(description="The promise.")


@entity(None, carries={"promise_id": Uuid()})
class AccessPromisePayload(Payload):
    """The promise that was made or ended."""

    access_promise: AccessPromise | None = to_one(reads.of_result)


@strawberry.type
class PromiseMutation:
    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def access_promise_create(
        self, session: WriteSession, principal: Principal, input: AccessPromiseCreateInput
    ) -> AccessPromisePayload:
        """Promise that nobody but the holders of some roles has a permission in the account. If somebody has
        it already, the answer is PROMISE_BROKEN; with a reason in `extensions: {reason}` an owner keeps them
        as exceptions. At most 20 at once."""
        command = change.NewPromise(
            account_id=account_id(input.account_id),
            permission=input.permission,
            role_ids=tuple(RoleId(required(Kind.ROLE, each, "roleIds")) for each in input.role_ids),
        )
        promise_id = await change.make_promise(session, principal, command)
        return payload(AccessPromisePayload, promise_id=promise_id)

    @mutation(needs(Permission.ACCOUNT_TRANSFER))
    async def access_promise_end(
        self, session: WriteSession, principal: Principal, input: AccessPromiseEndInput
    ) -> AccessPromisePayload:
        """End a promise. Changes of access are not held to it any more."""
        found = required(Kind.ACCESS_PROMISE, input.access_promise_id, "accessPromiseId")
        promise_id = AccessPromiseId(found)
        await change.end_promise(session, principal, promise_id)
        return payload(AccessPromisePayload, promise_id=promise_id)
