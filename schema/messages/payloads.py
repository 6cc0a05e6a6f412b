"""What mutations of messages answer."""

import strawberry
from sqlalchemy import Uuid

from authz.policy.refusals import Refusal
from engine.base.marks import Public
from engine.declare.declarations import entity, to_one
from engine.declare.far import ITEM, FarParent
from models.base.ids import AccountId, present_in_account
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from resolvers.messages import reads
from resolvers.messages.cancel import Canceled
from resolvers.messages.ids import KINDS, READ_PERMISSIONS
from resolvers.messages.request import Outcome
from schema.fields.payloads import Payload
from schema.fields.user_errors import UserError, error_at, names_in
from schema.messages.types import Message


@strawberry.type(description="A message that is sent.", directives=[Public()])
class SentMessage:
    id: strawberry.ID = strawberry.field(description="The id of the message.")
    status: MessageStatus = strawberry.field(
        description="What has become of it: for a new one, it waits to be handed over."
    )


@strawberry.type(description="What became of one message of the input.", directives=[Public()])
class MessageOutcome:
    index: int = strawberry.field(description="The position of the message in the input, from 0.")
    message: SentMessage | None = strawberry.field(description="The message; null if it is not sent.")
    replayed: bool = strawberry.field(
        description="Whether it was sent before, by an earlier request or an earlier message of this one "
        "with the same key."
    )
    error: UserError | None = strawberry.field(
        description="Why it is not sent; null if it is. Its key can be used again."
    )


@entity(None)
class MessageSendPayload(Payload):
    """What became of the messages."""

    outcomes: list[MessageOutcome] | None = strawberry.field(
        default=None,
        description="One for each message, in their order; null if the whole request was refused.",
    )


@entity(None, carries={"master_id": Uuid(), "account_id": Uuid(), ITEM: Uuid()})
class MessagePayload(Payload):
    """The changed message."""

    message: Message | None = to_one(reads.by_place, far=FarParent("account_id", ITEM))


def outcome_of(account_id: AccountId, stream: SendStream, index: int, outcome: Outcome) -> MessageOutcome:
    """As clients see it."""
    if isinstance(outcome, Refusal):
        inside = [] if outcome.field is None else names_in(outcome.field)
        path = ["input", "messages", str(index), *inside]
        return MessageOutcome(index=index, message=None, replayed=False, error=error_at(outcome, path))
    sent = SentMessage(
        id=strawberry.ID(present_in_account(KINDS[stream], account_id, outcome.id)),
        status=outcome.status,
    )
    return MessageOutcome(index=index, message=sent, replayed=outcome.replayed, error=None)


def carried(canceled: Canceled) -> dict[str, object]:
    """What a payload shows the message by: nothing, if the caller may not see messages of its stream."""
    account = canceled.account
    seen = bool(account.held & READ_PERMISSIONS[canceled.stream].bit)
    place = {"master_id": account.master_id, ITEM: canceled.id} if seen else {}
    return {"account_id": account.account_id, **place}
