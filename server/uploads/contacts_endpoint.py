"""POST /contacts: a file of contacts, streamed. A worker imports it. GET exports (`server.exports.contacts`).

    POST /contacts?accountId=acct_...&columns={"E-Mail":"email"}&lists=clst_...,clst_...&phoneCountry=SE
    Content-Type: text/csv, in UTF-8; the first line has the columns' names

Answers 202 with JSON, as ImportAnswer describes; what is refused, as the GraphQL endpoint refuses requests.
"""

from http import HTTPStatus
from typing import TypedDict

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import AccountId, Kind, present
from resolvers.contacts.jobs.import_upload import ImportRequest
from resolvers.inputs.global_ids import required
from server.http.request import RequestHead
from server.http.request_costs import LIST_COST
from server.uploads.contacts import ContactUploads
from server.uploads.requests import UploadCallers, answered, check_upload, parameters_of, pieces

PATH = "/contacts"

_MEDIA_TYPES = {"text/csv"}
_METHODS = "GET, HEAD, POST"
"""Those that export, and the one that imports."""
_PARAMETERS = ("accountId", "columns", "lists", "source", "phoneCountry")
_MESSAGE = (
    "The query string names the accountId, and may have columns, a JSON object; lists, ids between commas; "
    "source; and phoneCountry."
)
_SOURCE = "Import"


class ImportAnswer(TypedDict):
    """The id of the job, for `job(id:)`, and how many rows the file has."""

    id: str
    rows: int


class ContactsEndpoint:
    """An ASGI application for POST. Works inside RequestLog only."""

    def __init__(self, uploads: ContactUploads, callers: UploadCallers) -> None:
        self._uploads = uploads
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def taken() -> ImportAnswer:
            head = RequestHead.of(scope)
            check_upload(head, _MEDIA_TYPES, _METHODS)
            request = _request(head)
            principal = await self._callers.caller(head, LIST_COST)
            done = await self._uploads.take(principal, request, pieces(receive))
            return {"id": present(Kind.CONTACT_JOB, done.job_id), "rows": done.rows}

        try:
            response = await answered(HTTPStatus.ACCEPTED, taken)
        except ClientDisconnect:
            return
        await response(scope, receive, send)


def _request(head: RequestHead) -> ImportRequest:
    given = parameters_of(head, _PARAMETERS, _MESSAGE)
    if "accountId" not in given:
        raise Refusal(RefusalCode.BAD_USER_INPUT, _MESSAGE)
    lists = given.get("lists")
    return ImportRequest(
        account_id=AccountId(required(Kind.ACCOUNT, given["accountId"], "accountId")),
        mapping=given.get("columns"),
        lists=[] if lists is None else lists.split(","),
        source=given.get("source", _SOURCE),
        country=given.get("phoneCountry"),
    )
