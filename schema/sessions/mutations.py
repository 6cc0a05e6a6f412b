"""Mutations that end sessions, and that limit how long they last."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, SessionId, present
from resolvers.accounts import reads as accounts
from resolvers.inputs.global_ids import required
from resolvers.sessions import limits, revoke
from schema.fields.ids import account_id
from schema.fields.marks import OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.fields.references import AccountRef
from schema.fields.updates import ACCOUNT_VERSION, expected_version, given, may_stay


@strawberry.input(description="A session of yours.")
class SessionRevokeInput:
    session_id: strawberry.ID = strawberry.field(description="The session, from `Viewer.sessions`.")


@strawberry.input(
    description="A master account and its new limits. Fields that are left out stay as they are; null "
    "removes a limit."
)
class SessionLimitsUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The master account.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    idle_minutes: int | None = may_stay(
        "After how many minutes without a request a session ends: 5 to 43,200."
    )
    maximum_minutes: int | None = may_stay("How many minutes after the sign-in a session ends: 5 to 43,200.")


@entity(None, carries={})
class SessionRevokePayload(Payload):
    """The session that was ended."""

    session_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its id; null if nothing was ended."
    )


@entity(None, carries={})
class SessionRevokeOthersPayload(Payload):
    """How many sessions were ended."""

    revoked: int | None = strawberry.field(
        default=None, description="How many sessions were ended; null if the mutation was refused."
    )


@entity(None, carries={"account_id": Uuid()})
class SessionLimitsUpdatePayload(Payload):
    """The master account with its limits."""

    account: AccountRef | None = to_one(accounts.of_result)


@strawberry.type
class OwnSessionMutation:
    @mutation(OPEN)
    async def session_revoke(
        self, session: WriteSession, principal: Principal, input: SessionRevokeInput
    ) -> SessionRevokePayload:
        """End one of your sessions, with effect from its next request. You can end the one that sends this
        request too, as `signOut` does."""
        session_id = SessionId(required(Kind.SESSION, input.session_id, "sessionId"))
        done = await revoke.revoke_session(session, principal, session_id)
        return payload(SessionRevokePayload, session_id=present(Kind.SESSION, done))

    @mutation(OPEN)
    async def session_revoke_others(
        self, session: WriteSession, principal: Principal
    ) -> SessionRevokeOthersPayload:
        """End all your sessions except the one that sends this request."""
        done = await revoke.revoke_other_sessions(session, principal)
        return payload(SessionRevokeOthersPayload, revoked=done)

    @mutation(needs(Permission.SETTINGS_WRITE))
    async def session_limits_update(
        self, session: WriteSession, principal: Principal, input: SessionLimitsUpdateInput
    ) -> SessionLimitsUpdatePayload:
        """Limit how long the members and guests of a master account and of all accounts below it stay signed
        in. Who is in several trees gets the strictest limits. They hold at once, also for open sessions.
        Requires SETTINGS_WRITE in the accounts below too, by a right that does not expire."""
        command = limits.SessionLimitsUpdate(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            idle_minutes=given(input.idle_minutes),
            maximum_minutes=given(input.maximum_minutes),
        )
        done = await limits.update_session_limits(session, principal, command)
        return payload(SessionLimitsUpdatePayload, account_id=done.account_id)
