"""What requests that upload a file have in common: who sends it, and how it is answered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Receive

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal, RefusalCode
from engine.database.pool import Pool
from server.failures.errors import (
    ErrorCode,
    RefusedRequestError,
    Unauthenticated,
    record_failure,
    refusal_failure,
)
from server.graphql.response import failure_response
from server.http.authentication import authenticated, credentials_of
from server.http.bearer_tokens import BearerTokens
from server.http.media_types import MediaType
from server.http.request import RequestHead, check_encoding, next_piece
from server.http.request_costs import RequestCosts

_NO_STORE = {"cache-control": "no-store"}


class UploadCallers:
    """Finds out who sends a file."""

    def __init__(self, reads: Pool, costs: RequestCosts, bearers: BearerTokens) -> None:
        self._reads = reads
        self._costs = costs
        self._bearers = bearers

    async def caller(self, head: RequestHead, cost: int) -> Principal:
        """Who sends it, and is charged for it. Raises Unauthenticated, and RateLimited."""
        await self._bearers.introduce(head.authorization)
        credentials = credentials_of(head.authorization, head.client_address)
        if credentials is None:
            raise Unauthenticated("Sign in, or send an API key.")
        await self._costs.charge(credentials, head.client_address, cost)
        principal = await authenticated(self._reads, credentials)
        self._costs.accepted(credentials)
        return principal


async def answered(status: HTTPStatus, do: Callable[[], Awaitable[Mapping[str, object]]]) -> Response:
    """What `do` returns, as JSON with this status; what it refuses, as the GraphQL endpoint refuses requests.
    Raises ClientDisconnect."""
    try:
        done = await do()
    except ClientDisconnect:
        raise
    except RefusedRequestError as refusal:
        return failure_response(refusal.failure, MediaType.JSON, refusal.headers)
    except Refusal as refusal:
        return failure_response(refusal_failure(refusal), MediaType.JSON)
    except Exception as error:
        return failure_response(record_failure(error), MediaType.JSON)
    return JSONResponse(dict(done), status, _NO_STORE)


def check_post(head: RequestHead, allow: str) -> None:
    """Raise RefusedRequestError for what is no POST of a body as it is. `allow`: the methods of the
    address."""
    if head.method != "POST":
        message = f"Methods of this address: {allow}."
        raise RefusedRequestError(ErrorCode.METHOD_NOT_ALLOWED, message, {"allow": allow})
    check_encoding(head)


def check_upload(head: RequestHead, media_types: Collection[str], allow: str) -> None:
    """Raise RefusedRequestError for what is no POST of such a text in UTF-8."""
    check_post(head, allow)
    media_type, *parameters = [part.strip().lower() for part in (head.content_type or "").split(";")]
    charsets = [parameter for parameter in parameters if parameter.startswith("charset=")]
    if media_type not in media_types or any("utf-8" not in charset for charset in charsets):
        message = f"Send the list as {' or '.join(sorted(media_types, reverse=True))}, encoded in UTF-8."
        raise RefusedRequestError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)


def parameters_of(head: RequestHead, known: Collection[str], message: str) -> dict[str, str]:
    """The parameters of the query string. Raises Refusal with the message for one that is not known, or is
    there twice."""
    try:
        text = head.query_string.decode("ascii")
        # An empty value is none that was left out.
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=len(known))
    except ValueError as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, message) from error
    given = dict(pairs)
    if len(given) < len(pairs) or not given.keys() <= set(known):
        raise Refusal(RefusalCode.BAD_USER_INPUT, message)
    return given


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body, piece by piece. Raises ClientDisconnect."""
    more = True
    while more:
        piece, more = await next_piece(receive)
        yield piece
