"""Both keys of sending sources: the account's, and what platform staff decide about the platform's."""

from collections.abc import Mapping
from typing import Any

import strawberry
from sqlalchemy import Text, Uuid
from sqlalchemy.types import TypeEngine

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, Kind
from models.sending.tables import SendStream
from resolvers.inputs.global_ids import required
from resolvers.reputation import change, reads, sources, staff, staff_reads
from schema.fields.ids import account_id
from schema.fields.marks import STAFF_ONLY, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.reputation.types import SendingSource, StaffSendingSource

_CARRIED: Mapping[str, TypeEngine[Any]] = {"account_id": Uuid(), "stream": Text(), "api_key_id": Uuid()}
_KEY = "The API key that sends; null for the account's campaigns and its people."
_REASON = "The reason, 1 to 200 characters. The account can read it, and those who run it get it by e-mail."


@strawberry.input(description="What of an account sends.")
class SendingSourceInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    stream: SendStream = strawberry.field(description="The kind of messages.")
    api_key_id: strawberry.ID | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="What of an account sends, and why platform support decides about it.")
class SendingSourceStaffInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    stream: SendStream = strawberry.field(description="The kind of messages.")
    api_key_id: strawberry.ID | None = strawberry.field(default=None, description=_KEY)
    reason: str = strawberry.field(description=_REASON)


@entity(None, carries=_CARRIED)
class SendingSourcePayload(Payload):
    """What was paused or resumed."""

    sending_source: SendingSource | None = to_one(reads.of_result)


@entity(None, carries=_CARRIED)
class SendingSourceStaffPayload(Payload):
    """What was paused or resumed."""

    sending_source: StaffSendingSource | None = to_one(staff_reads.of_result)


@strawberry.type
class ReputationMutation:
    @mutation(needs(Permission.SETTINGS_WRITE))
    async def sending_source_pause(
        self, session: WriteSession, principal: Principal, input: SendingSourceInput
    ) -> SendingSourcePayload:
        """Let an API key, or the account's campaigns and people, send nothing more on a stream. What was
        accepted and waits is kept, for as long as it can be handed over. Repeating it changes nothing."""
        source = _source(input)
        account = await change.pause_source(session, principal, account_id(input.account_id), source)
        return _payload(AccountId(account.account_id), source)

    @mutation(needs(Permission.SETTINGS_WRITE))
    async def sending_source_resume(
        self, session: WriteSession, principal: Principal, input: SendingSourceInput
    ) -> SendingSourcePayload:
        """Let it send again. Where the platform has paused it by a rate and the cool-down is over, a trial
        begins. Where only the platform keeps it from sending, and still does, this is refused."""
        source = _source(input)
        account = await change.resume_source(session, principal, account_id(input.account_id), source)
        return _payload(AccountId(account.account_id), source)

    @mutation(STAFF_ONLY)
    async def sending_source_staff_pause(
        self, session: WriteSession, principal: Principal, input: SendingSourceStaffInput
    ) -> SendingSourceStaffPayload:
        """Let an account's API key, or its campaigns and people, send nothing on a stream until platform
        support resumes it."""
        source = _source(input)
        paused = await staff.pause_by_staff(
            session, principal, account_id(input.account_id), source, input.reason
        )
        return payload(SendingSourceStaffPayload, account_id=paused, **source.columns())

    @mutation(STAFF_ONLY)
    async def sending_source_staff_resume(
        self, session: WriteSession, principal: Principal, input: SendingSourceStaffInput
    ) -> SendingSourceStaffPayload:
        """Begin a trial of what the platform has paused, also before its cool-down is over."""
        source = _source(input)
        resumed = await staff.resume_by_staff(
            session, principal, account_id(input.account_id), source, input.reason
        )
        return payload(SendingSourceStaffPayload, account_id=resumed, **source.columns())


def _source(input: SendingSourceInput | SendingSourceStaffInput) -> sources.SendingSource:
    key = input.api_key_id
    key_id = None if key is None else required(Kind.API_KEY, key, "apiKeyId")
    return sources.SendingSource(stream=input.stream, api_key_id=key_id)


def _payload(id: AccountId, source: sources.SendingSource) -> SendingSourcePayload:
    return payload(SendingSourcePayload, account_id=id, **source.columns())
