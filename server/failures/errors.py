"""What a client reads when something fails, and with which HTTP status.

An error that was written for the client passes as it is. Everything else is logged: what nobody foresaw with
its traceback and the request's id, what the database is to blame for once a second. The client is told no
more than whether trying again can help.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import asyncpg
import sqlalchemy.exc
import structlog
from graphql import GraphQLError, GraphQLFormattedError

from authz.policy.refusals import Refusal, TryLater
from engine.database.pool import PoolTimeoutError
from server.failures.lately import disk_was_full
from server.failures.repeated_lines import repeated_lines
from server.failures.value_masking import without_values

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

# As graphql-core's did_you_mean writes it. An executor cannot always switch it off for variables.
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")


class ErrorCode(StrEnum):
    """The values of `extensions.code` that the transport itself gives; resolvers give others."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    HEADERS_TOO_LARGE = "HEADERS_TOO_LARGE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
    REVISION_UNKNOWN = "REVISION_UNKNOWN"
    INCREMENTAL_DELIVERY_NOT_SUPPORTED = "INCREMENTAL_DELIVERY_NOT_SUPPORTED"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    BUSY = "BUSY"
    UNAVAILABLE = "UNAVAILABLE"
    STORAGE_FULL = "STORAGE_FULL"
    NOT_SET_UP = "NOT_SET_UP"
    INTERNAL = "INTERNAL"


_STATUS_BY_CODE: Mapping[str, HTTPStatus] = {
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    ErrorCode.ORIGIN_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    ErrorCode.DOCUMENT_NOT_TRUSTED: HTTPStatus.FORBIDDEN,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.NOT_ACCEPTABLE: HTTPStatus.NOT_ACCEPTABLE,
    ErrorCode.CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.PAYLOAD_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.HEADERS_TOO_LARGE: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ErrorCode.REQUEST_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "SENDS_UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORAGE_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.NOT_SET_UP: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_HEADERS_BY_STATUS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"www-authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"retry-after": "1"},  # in seconds
}


@dataclass(frozen=True)
class Failure:
    """A failure as clients and `/readyz` see it: a code (also RefusalCode's), a sentence that gives nothing
    away."""

    code: str
    message: str
    retry_after: int | None = None
    """Seconds, where a limit was reached."""
    argument: str | None = None
    """The parameter at fault, if exactly one is."""


class RefusedRequestError(Exception):
    """A request that is refused before it becomes a GraphQL operation, with a real status in any media type.

    `headers` are those of its response, beside the ones that belong to its status.
    """

    def __init__(self, code: ErrorCode, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.failure = Failure(code, message)
        self.headers = headers or {}


class Unauthenticated(RefusedRequestError):
    """A token was given that is unknown, expired or revoked."""

    def __init__(self, message: str = "The token is not valid.") -> None:
        super().__init__(ErrorCode.UNAUTHENTICATED, message)


class RevisionUnknown(RefusedRequestError):
    """A request names a revision that not even the primary contains."""

    def __init__(self) -> None:
        message = "The revision of X-Authz-Min-Revision was never written here; ask without it."
        super().__init__(ErrorCode.REVISION_UNKNOWN, message)


_INTERNAL = Failure(ErrorCode.INTERNAL, "Internal error")
_AWAY = Failure(ErrorCode.UNAVAILABLE, "The database cannot be reached; try again.")
_SILENT = Failure(ErrorCode.UNAVAILABLE, "The database does not answer; try again.")
_READ_ONLY = Failure(ErrorCode.UNAVAILABLE, "The database takes no changes at the moment; try again.")
_SHORT = Failure(ErrorCode.UNAVAILABLE, "The database is short of memory or room; try again.")
DISK_FULL = Failure(
    ErrorCode.STORAGE_FULL, "The database's disk is full; nothing can be changed until there is room."
)
_NO_CONNECTION = Failure(ErrorCode.BUSY, "The database has no connection left; try again.", retry_after=1)
_NO_DATABASE = Failure(ErrorCode.NOT_SET_UP, "The server's database does not exist.")
_NOT_LET_IN = Failure(ErrorCode.NOT_SET_UP, "The database does not let the server in.")
_NO_PRIVILEGES = Failure(ErrorCode.NOT_SET_UP, "The server lacks privileges in its database.")
_NOT_MIGRATED = Failure(ErrorCode.NOT_SET_UP, "The database lacks tables or functions: migrations are due.")
_TIMED_OUT = Failure(ErrorCode.UNAVAILABLE, "The database took too long; try again.")
_LOCKED = Failure(ErrorCode.BUSY, "Others are changing the same data; try again.", retry_after=1)
_CROWDED = Failure(ErrorCode.BUSY, "The server is busy; try again.", retry_after=1)
_COLLIDED = Failure(ErrorCode.CONFLICT, "Another request changed the same data; try again.")

_FAILURE_BY_SQLSTATE: Mapping[str, Failure] = {
    "40001": _COLLIDED,  # serialization_failure
    "40P01": _COLLIDED,  # deadlock_detected
    "55P03": _LOCKED,  # lock_not_available: lock_timeout
    "57014": _TIMED_OUT,  # query_canceled: statement_timeout
    "25P03": _TIMED_OUT,  # idle_in_transaction_session_timeout
    "25P04": _TIMED_OUT,  # transaction_timeout
    "57P01": _AWAY,  # admin_shutdown
    "57P02": _AWAY,  # crash_shutdown
    "57P03": _AWAY,  # cannot_connect_now
    "25006": _READ_ONLY,  # read_only_sql_transaction: a primary that became a replica
    "53100": DISK_FULL,  # disk_full
    "53300": _NO_CONNECTION,  # too_many_connections
    "3D000": _NO_DATABASE,  # invalid_catalog_name
    "28000": _NOT_LET_IN,  # invalid_authorization_specification
    "28P01": _NOT_LET_IN,  # invalid_password
    "42501": _NO_PRIVILEGES,  # insufficient_privilege
    "3F000": _NOT_MIGRATED,  # invalid_schema_name
    "42P01": _NOT_MIGRATED,  # undefined_table
    "42703": _NOT_MIGRATED,  # undefined_column
    "42883": _NOT_MIGRATED,  # undefined_function
}
_FAILURE_BY_SQLSTATE_CLASS: Mapping[str, Failure] = {
    "08": _AWAY,  # connection_exception
    "53": _SHORT,  # insufficient_resources
}

# A missing socket or a refused connection is raised as a plain OSError.
_AWAY_ERRORS = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server goes while it is being talked to
    OSError,
)


_CROWDED_ERRORS = (sqlalchemy.exc.TimeoutError, PoolTimeoutError)
"""No connection was free: there are too few for what is asked, and nothing is wrong with the database."""

_CHECKOUT_GIVEN_UP = "This connection is closed"
"""SQLAlchemy's message, of an error that it raises for much else, where also a new connection was lost."""


def failure_of(error: Exception) -> Failure:
    """What a client is told of an error that was not written for it: a Failure without any detail of it."""
    sqlstate = sqlstate_of(error)
    # The reason that the server gave, if any, says more than that the connection is gone.
    known = _FAILURE_BY_SQLSTATE.get(sqlstate) or _FAILURE_BY_SQLSTATE_CLASS.get(sqlstate[:2])
    if known is not None:
        return known
    if isinstance(error, _CROWDED_ERRORS):
        return _CROWDED
    if isinstance(error, TimeoutError):
        return _SILENT
    invalidated = isinstance(error, sqlalchemy.exc.DBAPIError) and error.connection_invalidated
    lost = invalidated or isinstance(error, _AWAY_ERRORS) or _is_checkout_given_up(error)
    return _AWAY if lost else _INTERNAL


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's code of an error that asyncpg or SQLAlchemy raised; empty where it is none of its own."""
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        error = error.driver_exception
    return getattr(error, "sqlstate", None) or ""


def kind_of(error: BaseException | None) -> dict[str, str]:
    """What a line of the log says of an error that is dealt with: its class, and PostgreSQL's code if it has
    one."""
    return {"error": type(error).__name__, "sqlstate": "" if error is None else sqlstate_of(error)}


def _is_checkout_given_up(error: Exception) -> bool:
    return isinstance(error, sqlalchemy.exc.InvalidRequestError) and str(error) == _CHECKOUT_GIVEN_UP


def record_failure(error: Exception) -> Failure:
    """Logs an error that was not written for the client, and says what the client is told instead."""
    failure = failure_of(error)
    if failure.code is ErrorCode.INTERNAL:
        _log.error("internal error", exc_info=error)
        return failure
    if failure is DISK_FULL:
        disk_was_full.note()
    kind = {"code": failure.code, **kind_of(error)}
    if failure.code is ErrorCode.BUSY:
        repeated_lines.warning("busy", **kind)
    else:
        cause = error.driver_exception if isinstance(error, sqlalchemy.exc.DBAPIError) else error
        repeated_lines.warning("database failure", detail=str(cause).partition("\n")[0], **kind)
    return failure


def present_failure(failure: Failure, request_id: str) -> GraphQLFormattedError:
    """A failure as an item of a response's `errors`."""
    extensions: dict[str, object] = {"code": failure.code, "requestId": request_id}
    if failure.retry_after is not None:
        extensions["retryAfter"] = failure.retry_after
    if failure.argument is not None:
        extensions["argument"] = failure.argument
    return {"message": failure.message, "extensions": extensions}


def present_error(error: GraphQLError, request_id: str, *, hide_suggestions: bool) -> GraphQLFormattedError:
    """A GraphQL error as an item of a response's `errors`, masked and logged unless written for the client.

    graphql-core wraps whatever a resolver raises, so an error is ours if what it wraps is a GraphQLError too.
    With `hide_suggestions` the names that graphql-core suggests for a misspelt one are left out.
    """
    presented = error.formatted
    if not (error.extensions or {}).get("code"):  # ours have one
        presented["message"] = without_values(presented["message"])
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        presented["extensions"] = (
            {"code": ErrorCode.BAD_USER_INPUT} | (error.extensions or {}) | {"requestId": request_id}
        )
        if hide_suggestions and error.path is None:
            presented["message"] = _SUGGESTION.sub("", presented["message"])
    else:
        presented |= present_failure(record_failure(error.original_error), request_id)
    return presented


def status_of(code: str) -> HTTPStatus:
    """The HTTP status of a request that was not executed because of an error with this code."""
    return _STATUS_BY_CODE.get(code, HTTPStatus.BAD_REQUEST)


def headers_of(status: HTTPStatus) -> Mapping[str, str]:
    """The headers that belong to a status, in lower case."""
    return _HEADERS_BY_STATUS.get(status, {})


def retry_headers(retry_after: int | None) -> Mapping[str, str]:
    """The header that tells clients when to try again, where a limit was reached."""
    return {} if retry_after is None else {"retry-after": str(retry_after)}


def refusal_failure(refusal: Refusal) -> Failure:
    """A refusal as what refuses the whole request."""
    retry_after = refusal.retry_after if isinstance(refusal, TryLater) else None
    return Failure(refusal.code.name, refusal.message, retry_after, refusal.field)
