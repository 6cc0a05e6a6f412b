"""POST /recipients: a list of recipients, streamed, for `sendPreview` and `sendReserve`.

    POST /recipients?accountId=acct_...&form=ADDRESSES
    Content-Type: text/plain or text/csv, in UTF-8; one address a line, with `form=HASHES` one hash

Answers 201 with JSON, as UploadAnswer describes; what is refused, as the GraphQL endpoint refuses requests.
"""

from http import HTTPStatus
from typing import TypedDict

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import AccountId, Kind, present
from resolvers.inputs.global_ids import required
from resolvers.sending.address_hash import RecipientForm
from server.http.request import RequestHead
from server.http.request_costs import LIST_COST
from server.uploads.recipients import RecipientUploads, Upload, Uploaded
from server.uploads.requests import UploadCallers, answered, check_upload, parameters_of, pieces

PATH = "/recipients"

_MEDIA_TYPES = {"text/plain", "text/csv"}
_PARAMETERS = ("accountId", "form")
_MESSAGE = (
    f"The query string names the accountId, and as form {' or '.join(form.value for form in RecipientForm)}."
)


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

    def __init__(self, uploads: RecipientUploads, callers: UploadCallers) -> None:
        self._uploads = uploads
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def taken() -> UploadAnswer:
            upload = await self._upload(RequestHead.of(scope))
            return _answer(await self._uploads.take(upload, pieces(receive)))

        try:
            response = await answered(HTTPStatus.CREATED, taken)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _upload(self, head: RequestHead) -> Upload:
        check_upload(head, _MEDIA_TYPES, "POST")
        account_id, form = _parameters(head)
        principal = await self._callers.caller(head, LIST_COST)
        return Upload(principal, AccountId(required(Kind.ACCOUNT, account_id, "accountId")), form)


def _parameters(head: RequestHead) -> tuple[str, RecipientForm]:
    given = parameters_of(head, _PARAMETERS, _MESSAGE)
    try:
        return given["accountId"], RecipientForm(given.get("form", RecipientForm.ADDRESSES.value))
    except (KeyError, ValueError) as error:
        raise Refusal(RefusalCode.BAD_USER_INPUT, _MESSAGE) from error


def _answer(done: Uploaded) -> UploadAnswer:
    return {
        "id": present(Kind.RECIPIENT_LIST, done.stored.id),
        "recipients": done.recipients,
        "malformed": done.malformed,
        "malformedLines": done.malformed_lines,
        "duplicates": done.duplicates,
        "expiresAt": done.stored.expires_at.isoformat(),
    }
