"""Runs GraphQL operations for the transport.

A query of somebody who is known runs compiled, as one statement that finds out who asks as well. What cannot
be compiled, and what nobody asks, runs by the reference executor, in one snapshot.
"""

import strawberry
from graphql import DocumentNode, ExecutionResult, OperationDefinitionNode, OperationType, get_operation_ast
from graphql.execution import execute
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from authz.principals import (
    ANONYMOUS,
    Credentials,
    Principal,
    network_address,
    principal_digest,
    principal_of_row,
)
from authz.reach import PRINCIPAL
from engine.binds import NotCompilableError
from engine.denials import MARKER, settled
from engine.limits import check_cost
from engine.paging import BadPage
from engine.plans import Plans
from engine.pool import Pool
from engine.reader import Reader
from engine.texts import check_variable_texts
from schema.context import Context
from schema.root import graphql_schema
from server.errors import Unauthenticated
from server.http_request import GraphQLRequest
from server.key_uses import KeyUses


class Executor:
    """See `server.graphql_http.Executor`."""

    def __init__(
        self, schema: strawberry.Schema, database: AsyncEngine, reads: Pool, public_url: str
    ) -> None:
        self.schema = graphql_schema(schema)
        self._database = database
        self._reads = reads
        self._plans = Plans(schema, PRINCIPAL)
        self._public_url = public_url
        self._sessions = async_sessionmaker(database, class_=AsyncSession, expire_on_commit=False)
        self._key_uses = KeyUses(self._sessions)

    async def __call__(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        check_variable_texts(request.variables)
        credentials = _credentials(authorization, client_address)
        if credentials is None:
            return await self.reference(request, document, None, client_address)
        try:
            answer = await self.compiled(request, document, credentials)
        except NotCompilableError:
            answer = await self.reference(request, document, credentials, client_address)
        await self._key_uses.note(credentials.digest)
        return answer

    async def compiled(
        self, request: GraphQLRequest, document: DocumentNode, credentials: Credentials
    ) -> ExecutionResult | bytes:
        """The compiled answer: text as it is, or a result where fields were denied.

        Raises NotCompilableError, and Unauthenticated where nobody has the token.
        """
        plan, variables = self._plans.find(request.query, document, request.operation_name, request.variables)
        try:
            values = plan.values(variables, credentials.binds)
        except BadPage as error:
            raise NotCompilableError from error  # the reference executor says where
        answer = await self._reads.value(plan.statement.sql, values)
        if answer is None:
            raise Unauthenticated
        if MARKER not in answer:
            return answer
        return ExecutionResult(*settled(answer, plan.denials))

    async def reference(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials | None,
        client_address: str,
    ) -> ExecutionResult:
        """The reference executor's answer. `client_address`: as the transport has it, for limits."""
        check_cost(self.schema, document, _operation(request, document), request.variables)
        reader = Reader(self._database, (credentials or ANONYMOUS).binds)
        try:
            principal = None if credentials is None else await _authenticate(reader, credentials)
            if _operation(request, document).operation is OperationType.MUTATION:
                await reader.close()
            context = Context(reader, principal, self._sessions, client_address, self._public_url)
            result = execute(
                self.schema,
                document,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation_name,
            )
            return result if isinstance(result, ExecutionResult) else await result
        finally:
            await reader.close()


def _credentials(authorization: str | None, client_address: str) -> Credentials | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    found = principal_digest(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Unauthenticated
    return Credentials(found, network_address(client_address))


async def _authenticate(reader: Reader, credentials: Credentials) -> Principal:
    rows = await reader.rows(select(PRINCIPAL.c.user_id, PRINCIPAL.c.api_key_id))
    if not rows:
        raise Unauthenticated
    return principal_of_row(credentials, rows[0])


def _operation(request: GraphQLRequest, document: DocumentNode) -> OperationDefinitionNode:
    found = get_operation_ast(document, request.operation_name)
    if found is None:
        raise AssertionError("the transport runs only documents that have the operation")
    return found
