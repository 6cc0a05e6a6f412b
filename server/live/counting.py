"""Each answer of a stream counts as an operation, in metrics and as a slow one.

The stream itself does not: it lasts for as long as its client likes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
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
    stream = logged_request.get()
    own = LoggedRequest(stream.id, slow_seconds=stream.slow_seconds)
    token = logged_request.set(own)
    began = perf_counter()
    try:
        if operation.name:
            log_operation_name(operation.name.value)
        try:
            yield
        except Exception as error:
            if not own.codes:  # whoever tells it logs its code
                own.codes[code_of(error)] += 1
            else:
                stream.codes.update(own.codes)
            count_operation(own, perf_counter() - began)
            raise
        stream.codes.update(own.codes)
        count_operation(own, perf_counter() - began)
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
