"""POST /recipients: a list of recipients, streamed, for `sendPreview` and `sendReserve`.

    POST /recipients?accountId=acct_...&form=ADDRESSES
    Content-Type: text/plain or text/csv, in UTF-8; one address a line, with `form=HASHES` one hash

Answers 201 with JSON, as UploadAnswer describes; what is refused, as the GraphQL endpoint refuses requests.
"""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import TypedDict
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal, RefusalCode
from engine.database.pool import Pool
from models.base.ids import AccountId, Kind, present
from resolvers.inputs.global_ids import required
from resolvers.sending.address_hash import RecipientForm
from server.failures.errors import (
    ErrorCode,
    RefusedRequestError,
    Unauthenticated,
    record_failure,
    refusal_failure,
)
from server.graphql.response import failure_response
from server.http.authentication import authenticated, credentials_of
from server.http.key_uses import KeyUses
from server.http.media_types import MediaType
from server.http.request import RequestHead, check_encoding, next_piece
from server.uploads.uploads import RecipientUploads, Upload, Uploaded

PATH = "/recipients"

_MEDIA_TYPES = {"text/plain", "text/csv"}
_PARAMETERS = {"accountId", "form"}


class UploadAnswer(TypedDict):
    """The list's id, how many are in it, how many lines were left out, and until when it can be sent to."""

    id: str
    recipients: int
    malformed: int
    malformedLines: list[int]
    """The first twenty, counted from 1."""
    duplicates: int
    expiresAt: str


class RecipientsEndpoint:
    """An ASGI application for one route, all methods. Works inside RequestLog only."""

    def __init__(self, uploads: RecipientUploads, reads: Pool, key_uses: KeyUses) -> None:
        self._uploads = uploads
        self._reads = reads
        self._key_uses = key_uses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(RequestHead.of(scope), receive)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, head: RequestHead, receive: Receive) -> Response:
        try:
            done = await self._uploads.take(await self._upload(head), _pieces(receive))
        except ClientDisconnect:
            raise
        except RefusedRequestError as refusal:
            return failure_response(refusal.failure, MediaType.JSON, refusal.headers)
        except Refusal as refusal:
            return failure_response(refusal_failure(refusal), MediaType.JSON)
        except Exception as error:
            return failure_response(record_failure(error), MediaType.JSON)
        return JSONResponse(_answer(done), HTTPStatus.CREATED, {"cache-control": "no-store"})

    async def _upload(self, head: RequestHead) -> Upload:
        if head.method != "POST":
            message = "Send a list by POST."
            raise RefusedRequestError(ErrorCode.METHOD_NOT_ALLOWED, message, {"allow": "POST"})
        check_encoding(head)
        _check_media_type(head.content_type)
        account_id, form = _parameters(head.query_string)
        credentials = credentials_of(head.authorization, head.client_address)
        if credentials is None:
            raise Unauthenticated("Sign in, or send an API key.")
        principal = await authenticated(self._reads, credentials)
        self._key_uses.note(credentials.digest)
        return Upload(principal, AccountId(required(Kind.ACCOUNT, account_id, "accountId")), form)


def _check_media_type(content_type: str | None) -> None:
    media_type, *parameters = [part.strip().lower() for part in (content_type or "").split(";")]
    charsets = [parameter for parameter in parameters if parameter.startswith("charset=")]
    if media_type not in _MEDIA_TYPES or any("utf-8" not in charset for charset in charsets):
        message = "Send the list as text/plain or text/csv, encoded in UTF-8."
        raise RefusedRequestError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)


def _parameters(query_string: bytes) -> tuple[str, RecipientForm]:
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=len(_PARAMETERS))
        given = dict(pairs)
        form = RecipientForm(given.get("form", RecipientForm.ADDRESSES.value))
    except ValueError:
        given, form, pairs = {}, RecipientForm.ADDRESSES, []
    if len(given) < len(pairs) or "accountId" not in given or not given.keys() <= _PARAMETERS:
        forms = " or ".join(form.value for form in RecipientForm)
        message = f"The query string names the accountId, and as form {forms}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message)
    return given["accountId"], form


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        piece, more = await next_piece(receive)
        yield piece


def _answer(done: Uploaded) -> UploadAnswer:
    return {
        "id": present(Kind.RECIPIENT_LIST, done.stored.id),
        "recipients": done.recipients,
        "malformed": done.malformed,
        "malformedLines": done.malformed_lines,
        "duplicates": done.duplicates,
        "expiresAt": done.stored.expires_at.isoformat(),
    }
