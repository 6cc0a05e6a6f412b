"""What went wrong with a file, as the API tells it."""

from graphql import GraphQLError

from authz.policy.refusals import Refusal
from server.failures.errors import Failure, RefusedRequestError, record_failure, refusal_failure
from server.graphql.asking import failure_of_answer


def told(error: Exception) -> Failure:
    """What the API tells of it. What was not written for the client is masked and logged."""
    match error:
        case RefusedRequestError():
            return error.failure
        case GraphQLError():
            return failure_of_answer(error)
        case Refusal():
            return refusal_failure(error)
    return record_failure(error)
