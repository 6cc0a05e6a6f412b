"""POST /attachments: a file that messages bring, streamed, for `messageSend`.

    POST /attachments?accountId=acct_...&name=Invoice%207.pdf
    Content-Type: application/pdf, or application/octet-stream where it is not known

Answers 201 with JSON, as AttachmentAnswer describes; what is refused, as the GraphQL endpoint refuses it.
"""

from http import HTTPStatus
from typing import TypedDict

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import AccountId, Kind, present_in_account
from resolvers.inputs.global_ids import required
from server.http.request import RequestHead
from server.http.request_costs import FILE_COST
from server.uploads.attachments import AttachmentUploads, FileUpload
from server.uploads.requests import UploadCallers, answered, check_post, parameters_of, pieces

PATH = "/attachments"

_PARAMETERS = ("accountId", "name")
_MESSAGE = "The query string names the accountId, and as name that of the file."


class AttachmentAnswer(TypedDict):
    """The file's id, what it is, and until when messages can name it."""

    id: str
    name: str
    type: str
    size: int
    expiresAt: str


class AttachmentsEndpoint:
    """An ASGI application for one route, all methods. Works inside RequestLog only."""

    def __init__(self, uploads: AttachmentUploads, callers: UploadCallers) -> None:
        self._uploads = uploads
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def taken() -> AttachmentAnswer:
            upload = await self._upload(RequestHead.of(scope))
            done = await self._uploads.take(upload, pieces(receive))
            return {
                "id": present_in_account(Kind.ATTACHMENT, upload.account_id, done.stored.id),
                "name": done.file.name,
                "type": done.file.type,
                "size": len(done.file.content),
                "expiresAt": done.stored.expires_at.isoformat(),
            }

        try:
            response = await answered(HTTPStatus.CREATED, taken)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _upload(self, head: RequestHead) -> FileUpload:
        check_post(head, "POST")
        given = parameters_of(head, _PARAMETERS, _MESSAGE)
        if len(given) < len(_PARAMETERS):
            raise Refusal(RefusalCode.BAD_USER_INPUT, _MESSAGE)
        claimed = None if head.content_type is None else head.content_type.partition(";")[0]
        principal = await self._callers.caller(head, FILE_COST)
        account_id = AccountId(required(Kind.ACCOUNT, given["accountId"], "accountId"))
        return FileUpload(principal, account_id, given["name"], claimed)
