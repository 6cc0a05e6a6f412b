"""The forms of SCIM's answers (RFC 7644)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from authz.callers.principals import UnknownCallerError
from authz.policy.refusals import NotFound, PermissionDenied, RateLimited, Refusal, TryLater
from resolvers.scim.errors import ScimError
from server.failures.errors import RefusedRequestError, Unauthenticated, record_failure

MEDIA_TYPE = "application/scim+json"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_NO_STORE = {"cache-control": "no-store"}


def answer(value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A resource, or another object."""
    return Response(orjson.dumps(value), status, {**_NO_STORE, **(headers or {})}, MEDIA_TYPE)


def resource(document: Mapping[str, Any], status: int = 200) -> Response:
    """One resource, with its version and, if it is new, its address."""
    headers = {"etag": document["meta"]["version"]}
    if status == 201:
        headers["location"] = document["meta"]["location"]
    return answer(document, status, headers)


def listed(total: int, start: int, documents: Sequence[Mapping[str, Any]]) -> Response:
    """A page of resources."""
    page = {"totalResults": total, "startIndex": start, "itemsPerPage": len(documents)}
    return answer({"schemas": [_LIST], **page, "Resources": list(documents)})


def failed(error: Exception) -> Response:
    """Why nothing was done."""
    match error:
        case ScimError():
            return _refused(error.status, error.detail, error.scim_type)
        case UnknownCallerError():
            return _refused(401, "The token is not valid.")
        case Unauthenticated():
            return _refused(401, error.failure.message)
        case RateLimited():
            return _refused(429, str(error), headers={"retry-after": str(error.retry_after)})
        case TryLater():
            return _refused(503, str(error), headers={"retry-after": str(error.retry_after)})
        case PermissionDenied() | NotFound():
            return _refused(403, "The key needs MEMBERS_READ and MEMBERS_WRITE in the master account.")
        case Refusal():
            return _refused(400, str(error), "invalidValue")
        case RefusedRequestError():
            return _refused(400, error.failure.message, "invalidSyntax")
        case _:
            return _refused(503, record_failure(error).message)


def _refused(
    status: int, detail: str, scim_type: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    more = {} if scim_type is None else {"scimType": scim_type}
    return answer({"schemas": [_ERROR], "status": str(status), "detail": detail, **more}, status, headers)
