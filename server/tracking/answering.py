"""How the endpoints for other servers answer: with JSON, whatever happens."""

from collections.abc import Awaitable, Mapping

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal
from server.failures.errors import RefusedRequestError, record_failure, refusal_failure
from server.graphql.response import failure_response
from server.http.media_types import MediaType


async def answer(taken: Awaitable[Mapping[str, object]], scope: Scope, receive: Receive, send: Send) -> None:
    """Send what was taken in, or why nothing was; nothing to a client that has gone."""
    try:
        response: Response = JSONResponse(await taken)
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
