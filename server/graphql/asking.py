"""Endpoints that ask the API itself, so that rights, refusals and their codes are the same."""

from typing import Any, cast

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError

from server.failures.errors import ErrorCode, Failure, record_failure
from server.graphql.endpoint import RunOperation
from server.http.min_revision import min_revision
from server.http.request import GraphQLRequest, RequestHead


async def data_of(
    run: RunOperation, query: str, document: DocumentNode, variables: dict[str, object], head: RequestHead
) -> dict[str, Any]:
    """The data that the API answers. `document`: the query, parsed. Raises what it answers instead: its first
    error, or what `run` raises."""
    asked = GraphQLRequest(query, None, variables, min_revision=min_revision(head.revisions))
    answer = await run(asked, document, head.authorization, head.client_address)
    if not isinstance(answer, ExecutionResult):
        return cast("dict[str, Any]", orjson.loads(answer))
    for error in answer.errors or ():
        raise error
    return answer.data or {}


def failure_of_answer(error: GraphQLError) -> Failure:
    """What was written for the client passes; all else is masked and logged."""
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        return record_failure(error.original_error if isinstance(error.original_error, Exception) else error)
    told = error.extensions or {}
    code = told.get("code", ErrorCode.BAD_USER_INPUT)
    return Failure(code, error.message, argument=told.get("argument"))
