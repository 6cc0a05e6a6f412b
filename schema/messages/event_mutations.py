"""What a partner's engine tells of messages that were sent."""

import asyncio
import datetime
from collections.abc import Sequence

import strawberry

from authz.policy.refusals import Refusal
from engine.base.marks import Public
from engine.compiled.plain_lists import PlainList
from engine.declare.declarations import entity
from engine.declare.large_lists import holds_large_list
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId
from models.messages.events import LONGEST_DIAGNOSTIC, LONGEST_EVENT_KEY, MessageEventKind
from models.sending.tables import SendStream
from resolvers.inputs.address_digests import KeySource
from resolvers.inputs.addresses import Address, AddressFault, read_addresses
from resolvers.messages.events import report as reports
from resolvers.messages.events.given import (
    MOST_EVENTS,
    OLDEST,
    GivenEvent,
    ReadEvent,
    check_number_of,
    read_events,
)
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.suppressions.reports import CLOCK_MINUTES
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs_any
from schema.fields.payloads import Payload, payload
from schema.fields.user_errors import RefusedError, UserError, names_in
from schema.fields.writes import perform, refused


@strawberry.input(
    description="Something that happened to a message: either `messageId`, or `reservationId` with "
    "`recipient`."
)
class MessageEventInput:
    key: str = strawberry.field(
        description=f"Your own id of the event, 1 to {LONGEST_EVENT_KEY} characters, unique for its message. "
        "The same event with the same key is not counted again. For another message it is another event."
    )
    kind: MessageEventKind = strawberry.field(description="What happened.")
    occurred_at: datetime.datetime = strawberry.field(
        description=f"When it happened: at most {OLDEST.days} days ago, not in the future, and not before "
        f"the message could go out. Clocks may differ by {CLOCK_MINUTES} minutes. It is counted there."
    )
    message_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A message of the account on this stream. FAILED_PRECONDITION if it was never handed "
        "over: while it is WAITING, and if it is CANCELED, EXCLUDED, or FAILED before the first try.",
    )
    reservation_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="What your own engine sent by: a reservation of the account on this stream that was "
        "committed.",
    )
    recipient: str | None = strawberry.field(
        default=None,
        description="With `reservationId`: to whom it was sent. An e-mail address, a phone number that "
        "begins with `+`, or the SHA-256 of one in its canonical form.",
    )
    url: str | None = strawberry.field(default=None, description="Of a CLICK: where it led to.")
    status: str | None = strawberry.field(
        default=None, description="Of a bounce: its status, such as 5.1.1 (RFC 3463)."
    )
    diagnostic: str | None = strawberry.field(
        default=None,
        description="Of a bounce: what the recipient's server said, in one line of at most "
        f"{LONGEST_DIAGNOSTIC:,} characters.",
    )


@holds_large_list("events", MessageEventInput)
@strawberry.input(description="What happened to messages of the account.")
class MessageEventsReportInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sent them.")
    stream: SendStream = strawberry.field(description="The kind of messages.")
    events: list[MessageEventInput] = strawberry.field(
        description=f"1 to {MOST_EVENTS:,} events. A request that has them in a variable may have 4 MB, and "
        "their values are not counted."
    )


@strawberry.type(description="What became of one event of the input.", directives=[Public()])
class MessageEventOutcome:
    index: int = strawberry.field(description="The position of the event in the input, from 0.")
    is_new: bool = strawberry.field(
        description="Whether it was recorded now. False if it was known before, and if there is an error."
    )
    error: UserError | None = strawberry.field(
        description="Why it is not recorded; null if it is. Its key can be used again."
    )


@entity(None)
class MessageEventsReportPayload(Payload):
    """What became of the events."""

    outcomes: list[MessageEventOutcome] | None = strawberry.field(
        default=None, description="One for each event, in their order; null if the whole request was refused."
    )


@strawberry.type
class MessageEventMutation:
    @strawberry.mutation(
        directives=needs_any(SEND_PERMISSIONS.values()),
        description="Report what happened to messages: of ours, or of what your own engine sent. Each event "
        "is counted in the statistics where it happened, and has an outcome of its own. A hard bounce "
        "excludes the recipient, a complaint blocks it, an unsubscribe is recorded: of this one account, and "
        "for this one recipient. The stream decides which of the permissions is needed.",
    )
    async def message_events_report(
        self, info: ContextInfo, input: MessageEventsReportInput
    ) -> MessageEventsReportPayload:
        principal, deployment = principal_of(info), info.context.deployment
        try:
            check_number_of(input.events)
            sender_id = account_id(input.account_id)
            recipients = await _recipients(deployment.contact_key, input.events)
        except Refusal as refusal:
            return refused(info, MessageEventsReportPayload, refusal)
        read = await asyncio.to_thread(_read, sender_id, input.stream, input.events, recipients)
        command = reports.EventReport(account_id=sender_id, stream=input.stream, events=read)

        async def write(session: WriteSession) -> MessageEventsReportPayload:
            found = await reports.report_events(session, principal, command, deployment.keyring)
            outcomes = PlainList(_outcome(index, each) for index, each in enumerate(found))
            return payload(MessageEventsReportPayload, outcomes=outcomes)

        return await perform(info, MessageEventsReportPayload, write)


async def _recipients(
    key: KeySource, events: Sequence[MessageEventInput]
) -> list[Address | AddressFault | None]:
    """The recipient of each event that names one. Raises SENDS_UNAVAILABLE."""
    texts = [each.recipient for each in events if each.recipient is not None]
    if not texts:
        return [None] * len(events)
    found = iter(await asyncio.to_thread(read_addresses, key(), texts, None))
    return [None if each.recipient is None else next(found) for each in events]


def _read(
    sender_id: AccountId,
    stream: SendStream,
    events: Sequence[MessageEventInput],
    recipients: Sequence[Address | AddressFault | None],
) -> list[ReadEvent | Refusal]:
    given = [_given(each, to) for each, to in zip(events, recipients, strict=True)]
    return read_events(sender_id, stream, given)


def _given(event: MessageEventInput, recipient: Address | AddressFault | None) -> GivenEvent:
    return GivenEvent(
        key=event.key,
        kind=event.kind,
        occurred_at=event.occurred_at,
        message_id=event.message_id,
        reservation_id=event.reservation_id,
        recipient=recipient,
        url=event.url,
        status=event.status,
        diagnostic=event.diagnostic,
    )


def _outcome(index: int, outcome: reports.Outcome) -> MessageEventOutcome:
    """As clients see it."""
    if not isinstance(outcome, Refusal):
        return MessageEventOutcome(index=index, is_new=outcome, error=None)
    inside = [] if outcome.field is None else names_in(outcome.field)
    path = ["input", "events", str(index), *inside]
    error = RefusedError(code=outcome.code, field=path, message=outcome.message)
    return MessageEventOutcome(index=index, is_new=False, error=error)
