"""Mutations that send messages, and cancel them."""

import datetime
from collections.abc import Sequence

import strawberry
from strawberry.scalars import JSON

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal
from engine.writes.sessions import WriteSession
from models.messages.attachments import LONGEST_CONTENT_ID, MOST_BYTES, MOST_OF_A_MESSAGE
from models.sending.tables import SendStream
from resolvers.messages import cancel
from resolvers.messages import send as writes
from resolvers.messages.attachments.given import GivenAttachment
from resolvers.messages.given import (
    LONGEST_HEADER,
    MOST_HEADERS,
    MOST_MESSAGES,
    MOST_VARIABLES,
    GivenHeader,
    GivenMessage,
)
from resolvers.messages.ids import required_message
from resolvers.messages.request import Outcome, Sending
from resolvers.messages.together import MOST_TOGETHER, key_of, send_together, size_of
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.templates.sms_parts import MOST_SMS_PARTS
from schema.fields.addresses import read_given
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs_any
from schema.fields.mutation import mutation
from schema.fields.payloads import payload
from schema.fields.writes import Gathered, perform_gathered, refused
from schema.messages.payloads import MessagePayload, MessageSendPayload, carried, outcome_of


@strawberry.input(description="A further header of a message.")
class MessageHeaderInput:
    name: str = strawberry.field(
        description="`X-...`, `List-Id`, `In-Reply-To`, `References` or `Auto-Submitted`."
    )
    value: str = strawberry.field(description=f"1 to {LONGEST_HEADER} characters in one line.")


@strawberry.input(description="A file that a message brings.")
class MessageAttachmentInput:
    attachment_id: strawberry.ID = strawberry.field(
        description="A file that was uploaded to the account with POST /attachments."
    )
    content_id: str | None = strawberry.field(
        default=None,
        description="By which the HTML shows the file: for `<img src='cid:logo'>` it is `logo`. At most "
        f"{LONGEST_CONTENT_ID} letters, digits, dots, underscores, plus signs and hyphens. If it is left "
        "out, the file is attached to be saved.",
    )


@strawberry.input(
    description="A message to one recipient: either `templateId`, with or without `variables`, or `subject` "
    "with `text`, `html` or both. To a phone number it is an SMS, which has a `from`, and a `text` or a "
    "template for SMS, and nothing else. On the stream MARKETING an SMS says how to get no more of them, by "
    "a word in capitals such as STOP."
)
class MessageInput:
    idempotency_key: str = strawberry.field(
        description="A key that you choose, 1 to 200 characters, unique in the account. For 7 days the same "
        "message with the same key is not sent again: its outcome names the earlier one, also if that one "
        "was canceled or has failed."
    )
    to: str = strawberry.field(
        description="The recipient's e-mail address, or phone number for an SMS. Phone numbers begin with "
        "`+`, or are those of the account's setting `defaultCountry`."
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A template of the account, for SMS where the recipient is a phone number. Its newest "
        "version is sent. It needs TEMPLATES_READ, too.",
    )
    most_parts: int | None = strawberry.field(
        default=None,
        description="Of an SMS with a template, which needs it: in how many parts it is sent at most, 1 to "
        f"{MOST_SMS_PARTS}. It counts as so many sends, also where the text needs fewer. If the text needs "
        "more, the message fails.",
    )
    variables: JSON | None = strawberry.field(
        default=None,
        description="A JSON object, which the template reads as `message`, such as `{{ message.code }}`. At "
        f"most {MOST_VARIABLES:,} bytes.",
    )
    subject: str | None = strawberry.field(
        default=None, description="The subject, 1 to 998 characters in one line."
    )
    text: str | None = strawberry.field(
        default=None,
        description="The plain text, 1 to 500,000 characters. It is sent as it is. An SMS has at most 10 "
        "parts, each of which is a send.",
    )
    html: str | None = strawberry.field(
        default=None, description="The HTML, 1 to 500,000 characters. It is sent as it is."
    )
    from_: str | None = strawberry.field(
        name="from",
        default=None,
        description="The address that it comes from, at a verified sending domain of the account. If it is "
        "left out, the setting `senderAddress`. The name before it is the setting `senderName`. Of an SMS: a "
        "name of 1 to 11 letters and digits, or a phone number.",
    )
    reply_to: str | None = strawberry.field(default=None, description="The address that answers go to.")
    headers: list[MessageHeaderInput] | None = strawberry.field(
        default=None, description=f"At most {MOST_HEADERS} further headers."
    )
    attachments: list[MessageAttachmentInput] | None = strawberry.field(
        default=None,
        description=f"Files of an e-mail: at most {MOST_OF_A_MESSAGE}, of {MOST_BYTES:,} bytes together.",
    )
    send_at: datetime.datetime | None = strawberry.field(
        default=None, description="When to send it, at most 7 days ahead. If it is left out, now."
    )


@strawberry.input(description="Messages to send.")
class MessageSendInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sends.")
    stream: SendStream = strawberry.field(description="The kind of messages.")
    label: str | None = strawberry.field(
        default=None,
        description="The team or campaign that the messages belong to, as in `sendReserve`.",
    )
    messages: list[MessageInput] = strawberry.field(description=f"1 to {MOST_MESSAGES:,} messages.")


@strawberry.input(description="The message to cancel.")
class MessageCancelInput:
    message_id: strawberry.ID = strawberry.field(description="The message.")


@strawberry.type
class MessageMutation:
    @strawberry.mutation(
        directives=needs_any(SEND_PERMISSIONS.values()),
        description="Send e-mails and SMS. Each message has an outcome of its own, and one that is wrong, or "
        "whose recipient is excluded, stops no other. The others are counted and paid as sends at once, like "
        "those of `sendReserve` and `sendCommit`: all of them or none. Workers hand them over. The stream "
        "decides which of the permissions is needed.",
    )
    async def message_send(self, info: ContextInfo, input: MessageSendInput) -> MessageSendPayload:
        principal = principal_of(info)
        try:
            writes.check_number_of(input.messages)
            sender_id = account_id(input.account_id)
            key = info.context.deployment.contact_key
            texts = [each.to for each in input.messages]
            addresses = await read_given(key, texts, None, "messages")
        except Refusal as refusal:
            return refused(info, MessageSendPayload, refusal)
        given = [
            GivenMessage(
                idempotency_key=each.idempotency_key,
                to=address,
                template_id=each.template_id,
                most_parts=each.most_parts,
                variables=each.variables,
                subject=each.subject,
                text=each.text,
                html=each.html,
                sender=each.from_,
                reply_to=each.reply_to,
                headers=[GivenHeader(name=one.name, value=one.value) for one in each.headers or ()],
                attachments=[
                    GivenAttachment(attachment_id=one.attachment_id, content_id=one.content_id)
                    for one in each.attachments or ()
                ],
                send_at=each.send_at,
            )
            for each, address in zip(input.messages, addresses, strict=True)
        ]
        command = Sending(account_id=sender_id, stream=input.stream, label=input.label, messages=given)

        async def write(session: WriteSession, commands: Sequence[Sending]) -> list[list[Outcome]]:
            return await send_together(session, principal, commands, info.context.deployment.review)

        def answered(found: Sequence[Outcome]) -> MessageSendPayload:
            outcomes = [outcome_of(sender_id, input.stream, index, each) for index, each in enumerate(found)]
            return payload(MessageSendPayload, outcomes=outcomes)

        gathered = Gathered(key=key_of(principal, command), command=command, size=size_of(command))
        return await perform_gathered(info, MessageSendPayload, gathered, MOST_TOGETHER, write, answered)

    @mutation(needs_any(SEND_PERMISSIONS.values()))
    async def message_cancel(
        self, session: WriteSession, principal: Principal, input: MessageCancelInput
    ) -> MessagePayload:
        """Cancel a message that waits: nobody gets it. Its send stays counted and paid. Repeating it changes
        nothing. FAILED_PRECONDITION for a message that does not wait any more. The stream decides which of
        the permissions is needed."""
        stream, named = required_message(input.message_id, "messageId")
        done = await cancel.cancel_message(session, principal, stream, named)
        return payload(MessagePayload, **carried(done))
