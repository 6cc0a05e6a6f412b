"""`POST /feedback`: a mail that came back, as the mail server of the deployment took it.

    POST /feedback
    Authorization: Bearer <MANDANT_FEEDBACK_SECRET>
    Content-Type: message/rfc822

Whatever the mail is, the answer is 200 with what became of it: to send it again would change nothing. Without
the setting there is no such address.
"""

import hmac
from typing import TypedDict

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal
from server.failures.errors import (
    ErrorCode,
    RefusedRequestError,
    Unauthenticated,
    record_failure,
    refusal_failure,
)
from server.feedback.intake import FeedbackIntake
from server.graphql.response import failure_response
from server.http.media_types import MediaType
from server.http.request import RequestHead, check_encoding, read_body

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
        try:
            response: Response = JSONResponse(await self._taken(RequestHead.of(scope), receive))
        except ClientDisconnect:
            return
        except RefusedRequestError as refusal:
            response = failure_response(refusal.failure, MediaType.JSON, refusal.headers)
        except Refusal as refusal:
            response = failure_response(refusal_failure(refusal), MediaType.JSON)
        except Exception as error:
            response = failure_response(record_failure(error), MediaType.JSON)
        response.headers["cache-control"] = "no-store"
        await response(scope, receive, send)

    async def _taken(self, head: RequestHead, receive: Receive) -> FeedbackAnswer:
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
