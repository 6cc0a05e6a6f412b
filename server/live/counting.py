"""Each answer of a stream counts as an operation, in metrics and as a slow one.

The stream itself does not: it lasts for as long as its client likes. An operation that is refused before it
runs counts as it does over HTTP.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import perf_counter

from graphql import GraphQLError, OperationDefinitionNode

from authz.policy.refusals import TryLater
from server.failures.errors import ErrorCode, RefusedRequestError, failure_of
from server.logs.lines import LoggedRequest, logged_request
from server.logs.request_log import count_operation, log_operation_name


@contextmanager
def counted(operation: OperationDefinitionNode) -> Iterator[None]:
    """Count what the body does, the making of one answer. Its codes get into the stream's line, too.

    An answer that nobody waits for any more is not counted.
    """
    with _counting() as own:
        began = perf_counter()
        note_name(operation)
        yield
        count_operation(own, perf_counter() - began)


@contextmanager
def counted_if_refused() -> Iterator[None]:
    """Count an operation that the body refuses, which is what comes before its first answer. The body calls
    `note_name` once it knows the operation."""
    with _counting():
        yield


def count_refused(error: Exception) -> None:
    """Count an operation that is refused with this error."""
    with suppress(type(error)), counted_if_refused():
        raise error


def note_name(operation: OperationDefinitionNode) -> None:
    """It is this operation that is counted."""
    if operation.name:
        log_operation_name(operation.name.value)


@contextmanager
def _counting() -> Iterator[LoggedRequest]:
    """What the body does leaves its codes here, and in the stream's line. It is counted if it fails."""
    stream = logged_request.get()
    own = LoggedRequest(stream.id, slow_seconds=stream.slow_seconds)
    token = logged_request.set(own)
    began = perf_counter()
    try:
        try:
            yield own
        except Exception as error:
            if not own.codes:  # whoever tells it logs its code
                own.codes[code_of(error)] += 1
            else:
                stream.codes.update(own.codes)
            count_operation(own, perf_counter() - began)
            raise
        stream.codes.update(own.codes)
    finally:
        logged_request.reset(token)


def code_of(error: Exception) -> str:
    """The code that a client is told of an error."""
    if isinstance(error, TryLater):
        return str(error.code.name)
    if isinstance(error, GraphQLError):
        return str((error.extensions or {}).get("code", ErrorCode.BAD_USER_INPUT))
    failure = error.failure if isinstance(error, RefusedRequestError) else failure_of(error)
    return str(failure.code)
