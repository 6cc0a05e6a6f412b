"""Runs GraphQL operations for the transport: who asks, one snapshot to read, and the schema."""

import datetime

import strawberry
from graphql import DocumentNode, ExecutionResult, OperationType, get_operation_ast
from graphql.execution import execute
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from authz.principals import (
    DIGEST_NAME,
    NOBODY,
    Principal,
    principal_digest,
    principal_of_row,
)
from authz.reach import PRINCIPAL
from authz.tokens import Digest
from engine import reference
from engine.reader import Reader
from engine.texts import check_texts
from models.identifiers import ApiKeyId
from resolvers.api_key_changes import note_use
from schema.context import Context
from schema.root import graphql_schema
from server.errors import Unauthenticated
from server.http_request import GraphQLRequest

__all__ = ["Executor", "reference"]


class Executor:
    """See `server.graphql_http.Executor`."""

    def __init__(self, schema: strawberry.Schema, database: AsyncEngine, public_url: str) -> None:
        self.schema = graphql_schema(schema)
        self._database = database
        self._public_url = public_url
        self._sessions = async_sessionmaker(database, class_=AsyncSession, expire_on_commit=False)
        self._minute_of_use: dict[ApiKeyId, datetime.datetime] = {}

    async def __call__(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult:
        check_texts(document, request.variables)
        token_digest = _digest(authorization)
        reader = Reader(self._database, {DIGEST_NAME: token_digest or NOBODY})
        try:
            principal = None if token_digest is None else await _authenticate(reader, token_digest)
            if principal is not None and principal.api_key_id is not None:
                await self._note_use(principal.api_key_id)
            if _is_mutation(request, document):
                await reader.close()
            context = Context(reader, principal, self._sessions, client_address, self._public_url)
            return await self._run(request, document, context)
        finally:
            await reader.close()

    async def _run(
        self, request: GraphQLRequest, document: DocumentNode, context: Context
    ) -> ExecutionResult:
        result = execute(
            self.schema,
            document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
        )
        return result if isinstance(result, ExecutionResult) else await result

    async def _note_use(self, api_key_id: ApiKeyId) -> None:
        minute = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0)
        if self._minute_of_use.get(api_key_id) == minute:
            return
        if len(self._minute_of_use) > 10_000:
            self._minute_of_use.clear()
        self._minute_of_use[api_key_id] = minute
        async with self._sessions.begin() as session:
            await note_use(session, api_key_id)


def _digest(authorization: str | None) -> Digest | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    found = principal_digest(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Unauthenticated
    return found


async def _authenticate(reader: Reader, token_digest: Digest) -> Principal:
    rows = await reader.rows(select(PRINCIPAL.c.user_id, PRINCIPAL.c.api_key_id))
    if not rows:
        raise Unauthenticated
    return principal_of_row(token_digest, rows[0])


def _is_mutation(request: GraphQLRequest, document: DocumentNode) -> bool:
    operation = get_operation_ast(document, request.operation_name)
    return operation is not None and operation.operation is OperationType.MUTATION
