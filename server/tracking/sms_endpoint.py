"""`POST /sms/events`: what the gateway of SMS tells of messages, and what people answered.

The request is signed as those are that the gateway gets, with the same secret. One of ours that somebody
sends back holds no events, so it is refused. Without the secret there is no such address.
"""

import datetime
from typing import TypedDict

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from server.failures.errors import (
    ErrorCode,
    RefusedRequestError,
    Unauthenticated,
)
from server.feedback.sms_intake import MOST_ITEMS, SmsIntake
from server.http.request import RequestHead, check_encoding, decode_json, read_body
from server.tracking.answering import answer
from server.transports.webhook_signature import ID, SIGNATURE, TIMESTAMP, GivenSignature

PATH = "/sms/events"
_MEDIA_TYPE = "application/json"


class SmsOutcome(TypedDict):
    """`message`: for people."""

    outcome: str
    message: str


class SmsEventsAnswer(TypedDict):
    """One outcome for each event, in their order."""

    outcomes: list[SmsOutcome]


class SmsEventsEndpoint:
    """An ASGI application for one route, all methods. Works inside RequestLog only."""

    def __init__(self, intake: SmsIntake, secret: str) -> None:
        self._intake = intake
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(self._taken(scope, receive), scope, receive, send)

    async def _taken(self, scope: Scope, receive: Receive) -> SmsEventsAnswer:
        head = RequestHead.of(scope)
        if head.method != "POST":
            message = "Methods of this address: POST."
            raise RefusedRequestError(ErrorCode.METHOD_NOT_ALLOWED, message, {"allow": "POST"})
        signature = _signature(scope)
        check_encoding(head)
        if (head.content_type or "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
            message = f"Send the events as {_MEDIA_TYPE}."
            raise RefusedRequestError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
        body = await read_body(receive, head.client_address)
        if not signature.signs(self._secret, body):
            raise Unauthenticated("The signature is not that of this body, or by another secret.")
        taken = await self._intake.take(_events(body))
        return {
            "outcomes": [
                {"outcome": each.outcome.name, "message": each.message or each.outcome.value}
                for each in taken
            ]
        }


def _signature(scope: Scope) -> GivenSignature:
    """Raises Unauthenticated before anything is read of the body, where it can be no signature of now."""
    headers = Headers(scope=scope)
    given = [headers.getlist(name) for name in (ID, TIMESTAMP, SIGNATURE)]
    if any(len(values) != 1 for values in given):
        raise Unauthenticated(f"Send {ID}, {TIMESTAMP} and {SIGNATURE}, each once.")
    signature = GivenSignature(*(values[0] for values in given))
    if not signature.is_of_now(datetime.datetime.now(datetime.UTC)):
        raise Unauthenticated(f"{TIMESTAMP} is more than five minutes away from now.")
    return signature


def _events(body: bytes) -> list[object]:
    value = decode_json("The body", body)
    events = value.get("events") if isinstance(value, dict) else None
    if not isinstance(events, list) or not 1 <= len(events) <= MOST_ITEMS:
        message = f"The body must be an object with 1 to {MOST_ITEMS:,} `events`."
        raise RefusedRequestError(ErrorCode.BAD_USER_INPUT, message)
    return events
