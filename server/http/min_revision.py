"""The header with which a client names the change that an answer has to contain (N7)."""

from collections.abc import Sequence

from authz.wall.freshness import Revision, revision_of
from server.failures.errors import ErrorCode, RefusedRequestError

HEADER = "X-Authz-Min-Revision"


def min_revision(values: Sequence[str]) -> Revision | None:
    """The revision in the header's values; None without the header.

    Raises RefusedRequestError, 400, for what no mutation returns, and for more than one.
    """
    if not values:
        return None
    found = revision_of(values[0]) if len(values) == 1 else None
    if found is None:
        message = f"{HEADER} must be one `authzRevision`, as a mutation told it."
        raise RefusedRequestError(ErrorCode.BAD_USER_INPUT, message)
    return found
