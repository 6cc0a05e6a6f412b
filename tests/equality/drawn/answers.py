"""Both executors' answers to an operation, as clients get them, in a form that can be compared."""

import json
from collections.abc import Awaitable
from dataclasses import dataclass

import graphql
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
)

from authz.callers import principals
from authz.callers.principals import Credentials
from engine.base.client_values import NotCompilableError
from server.graphql.response import result_response
from server.graphql.runner import OperationRunner
from server.http.media_types import MediaType
from server.logs.lines import LoggedRequest, logged_request
from tests.client.api import Caller
from tests.equality.drawn.operations import Operation


@dataclass(frozen=True)
class Fallback:
    """Why a field is left to the reference executor, and an operation with it."""

    reason: str
    example: str


FALLBACKS = {
    "Query.__schema": Fallback("graphql-core answers it", "{ __schema { queryType { name } } }"),
    "Query.__type": Fallback("graphql-core answers it", '{ __type(name: "Account") { name } }'),
    "Query.invitation": Fallback(
        "Python answers it: the link's token is looked up by its digest",
        '{ invitation(token: "") { email } }',
    ),
    "Query.share": Fallback(
        "Python answers it: the link's token is looked up by its digest",
        '{ share(token: "") { email } }',
    ),
    "Query.explainAccess": Fallback(
        "Python answers it: it judges rule by rule what SQL only answers as a whole",
        '{ explainAccess(accountId: "", permission: ACCOUNT_READ) { decision } }',
    ),
    "Query.deliverability": Fallback(
        "Python answers it: addresses are read and hashed with the deployment's key",
        '{ deliverability(accountId: "", addresses: []) { marketing } }',
    ),
    "Query.personalData": Fallback(
        "Python answers it: the address is read and hashed with the deployment's key",
        '{ personalData(accountId: "", address: "") }',
    ),
    "Query.blockList": Fallback(
        "Python answers it: entries are decrypted with the deployment's secrets",
        '{ blockList(accountId: "") { nodes { id } } }',
    ),
    "Query.sendPreview": Fallback(
        "Python answers it: recipients are read and hashed with the deployment's key",
        '{ sendPreview(accountId: "", stream: MARKETING, recipients: []) { recipients } }',
    ),
    "Query.campaignPreview": Fallback(
        "Python answers it, as sendPreview",
        '{ campaignPreview(campaignId: "") { recipients } }',
    ),
    "Query.statistics": Fallback(
        "Python answers it: the accounts of a tree are found first, and their sums far from them",
        '{ statistics(accountId: "", since: "2026-01-01", until: "2026-01-01") { asOf } }',
    ),
    "Query.recipientStatistics": Fallback(
        "Python answers it, as the statistics",
        '{ recipientStatistics(accountId: "", since: "2026-01-01", until: "2026-01-01") { asOf } }',
    ),
    "Query.templateContent": Fallback(
        "Python answers it: an answer is limited by its fields, and these hold a megabyte",
        '{ templateContent(templateId: "") { text } }',
    ),
    "Query.templatePreview": Fallback(
        "Python answers it: a process renders it",
        '{ templatePreview(accountId: "", templateId: "") { text } }',
    ),
}
"""The only fields that need not be compiled."""

_BROKEN = "Cannot return null for non-nullable field"


@dataclass(frozen=True)
class Answer:
    """`data`: objects are tuples of their items, so that the order of keys counts. `errors`: in no order."""

    data: object
    errors: tuple[str, ...]

    @property
    def refuses(self) -> bool:
        """A value of the client's is refused, or a null stands where none may."""
        return any('"code": "BAD_USER_INPUT"' in error or _BROKEN in error for error in self.errors)


CLIENT_ADDRESS = "127.0.0.1"
"""Where every caller asks from."""


def credentials_of(caller: Caller) -> Credentials:
    """What the caller shows, from there."""
    found = principals.credentials_of(caller.token, principals.network_address(CLIENT_ADDRESS))
    assert found is not None
    return found


async def compiled(executor: OperationRunner, asked: Operation, caller: Caller) -> Answer | None:
    """The compiled executor's answer; None where it leaves the operation to the other."""
    try:
        return await _answer(
            executor.compiled(asked.request, asked.document, credentials_of(caller), CLIENT_ADDRESS)
        )
    except NotCompilableError:
        return None


async def reference(executor: OperationRunner, asked: Operation, caller: Caller) -> Answer:
    """The reference executor's answer."""
    return await _answer(
        executor.reference(asked.request, asked.document, credentials_of(caller), CLIENT_ADDRESS)
    )


async def check_equality(executor: OperationRunner, asked: Operation, caller: Caller) -> bool:
    """Whether it was answered by both; fails where they differ, and where one could have answered."""
    expected = await reference(executor, asked, caller)
    found = await compiled(executor, asked, caller)
    if found is None:
        listed = FALLBACKS.keys() & _fields(executor.schema, asked)
        assert listed or asked.wrong or expected.refuses, f"not compiled, without need: {asked.request.query}"
        return False
    assert found == expected
    return True


async def _answer(execution: Awaitable[ExecutionResult | bytes]) -> Answer:
    try:
        result = await execution
    except GraphQLError as refused:
        result = ExecutionResult(None, [refused])
    logged_request.set(LoggedRequest(""))
    body = bytes(result_response(result, MediaType.JSON, (), anonymous=False).body)
    errors = []
    for error in json.loads(body).get("errors", []):
        error["extensions"].pop("requestId")
        errors.append(json.dumps(error, sort_keys=True))
    data = [value for name, value in json.loads(body, object_pairs_hook=tuple) if name == "data"]
    return Answer(data, tuple(sorted(errors)))


def _fields(schema: GraphQLSchema, asked: Operation) -> set[str]:
    """The fields of the document, as `Type.field`."""
    info = TypeInfo(schema)
    found: set[str] = set()

    class Names(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            found.add(f"{info.get_parent_type()}.{node.name.value}")

    graphql.visit(asked.document, TypeInfoVisitor(info, Names()))
    return found
