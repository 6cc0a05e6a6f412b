"""`POST /feedback`: a mail that came back, as the mail server of the deployment took it.

    POST /feedback
    Authorization: Bearer <MANDANT_FEEDBACK_SECRET>
    Content-Type: message/rfc822

Whatever the mail is, the answer is 200 with what became of it: to send it again would change nothing. Without
the setting there is no such address.
"""

import hmac
from typing import TypedDict

from starlette.types import Receive, Scope, Send

from server.failures.errors import (
    ErrorCode,
    RefusedRequestError,
    Unauthenticated,
)
from server.feedback.intake import FeedbackIntake
from server.http.request import RequestHead, check_encoding, read_body
from server.tracking.answering import answer

PATH = "/feedback"
_MEDIA_TYPE = "message/rfc822"


class FeedbackAnswer(TypedDict):
    """`events`: the kinds of what was recorded. `message`: for people."""

    outcome: str
    events: list[str]
    message: str


class FeedbackEndpoint:
    """An ASGI application for one route, all methods. Works inside RequestLog only."""

    def __init__(self, intake: FeedbackIntake, secret: str) -> None:
        self._intake = intake
        self._secret = f"Bearer {secret}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(self._taken(scope, receive), scope, receive, send)

    async def _taken(self, scope: Scope, receive: Receive) -> FeedbackAnswer:
        head = RequestHead.of(scope)
        if head.method != "POST":
            message = "Methods of this address: POST."
            raise RefusedRequestError(ErrorCode.METHOD_NOT_ALLOWED, message, {"allow": "POST"})
        given = (head.authorization or "").encode()
        if not hmac.compare_digest(given, self._secret):
            raise Unauthenticated("Send the secret of the deployment.")
        check_encoding(head)
        if (head.content_type or "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
            message = f"Send the mail as {_MEDIA_TYPE}."
            raise RefusedRequestError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
        taken = await self._intake.take(await read_body(receive, head.client_address))
        return {
            "outcome": taken.outcome.name,
            "events": [kind.value for kind in taken.events],
            "message": taken.outcome.value,
        }
