"""Runs GraphQL operations for the transport.

A query of somebody who is known runs compiled, as one statement that finds out who asks as well. What cannot
be compiled, and what nobody asks, runs by the reference executor, in one snapshot.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import orjson
import strawberry
from graphql import DocumentNode, ExecutionResult, OperationDefinitionNode, OperationType, get_operation_ast
from graphql.execution import execute
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import ANONYMOUS, Credentials, Principal, principal_of
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.freshness import entering_at_least
from authz.wall.row_security import entering
from engine.base.client_values import NotCompilableError
from engine.base.preamble import GateClosedError
from engine.compiled.payloads import PayloadExecutor, Payloads
from engine.compiled.query_plans import Asked
from engine.database.pool import Pool
from engine.database.snapshot import Reader
from engine.limits.operation import check_cost, check_stepwise_cost
from engine.limits.string_checks import read_variable_texts
from engine.writes.sessions import WriteSessions
from resolvers.effects.public_url import PUBLIC_URL_NAME
from resolvers.payments.provider import PaymentProvider
from resolvers.sending.address_hash import ContactKey, KeySource
from resolvers.staff.request_subaccounts import SubaccountSetUp
from schema.fields.anonymity import answers_everybody
from schema.fields.context import Context
from schema.people.password_limit import check_passwords
from schema.root import graphql_schema
from server.database.replica_choice import Reads
from server.failures.errors import RevisionUnknown, Unauthenticated
from server.fairness.admission import Admission
from server.fairness.callers import Callers
from server.fairness.gate import Caller, Side
from server.fairness.hashing import PasswordThread
from server.graphql.compiled_reads import CompiledReads
from server.graphql.documents import VALIDATION_ERROR_LIMIT
from server.graphql.introspection import Introspection, KeptAnswer, is_about_schema
from server.graphql.response import LimitedResult
from server.http.authentication import WHO_ASKS, authenticated, credentials_of
from server.http.key_uses import KeyUses
from server.http.request import GraphQLRequest
from server.logs.metrics import ReadPath, count_operation
from server.logs.request_log import log_codes
from server.settings.payments import NoPayments

T = TypeVar("T")

_NO_PAYMENTS = NoPayments()
_ENTERING = entering()
_OURSELVES: Caller = ((Side.PLACE, "this process"),)

_INVALID = {"authentication": "INVALID"}
"""Tells a client that its token is not valid, beside an answer for everybody."""


def _no_key() -> ContactKey:
    raise Refusal(RefusalCode.SENDS_UNAVAILABLE)


class Executor:
    """See `server.graphql.endpoint.Executor`."""

    def __init__(
        self,
        schema: strawberry.Schema,
        database: AsyncEngine,
        reads: Pool,
        public_url: str,
        *,
        subaccount_set_up: SubaccountSetUp = SubaccountSetUp.SELF_SERVICE,
        replica: Pool | None = None,
        payments: PaymentProvider = _NO_PAYMENTS,
        contact_key: KeySource = _no_key,
        debug: bool = False,
    ) -> None:
        self.admission = Admission(reads.size)
        self._callers = Callers(reads)
        self.schema = graphql_schema(schema)
        self._database = database
        self._primary = reads
        self._compiled = CompiledReads(schema, Reads(reads, replica, self.admission), self.admission)
        self._public_url = public_url
        self._subaccount_set_up = subaccount_set_up
        self._payments = payments
        self._contact_key = contact_key
        self._debug = debug
        self.sessions = WriteSessions(database)
        self.hashing = PasswordThread()
        self.key_uses = KeyUses(self.sessions)
        self._introspection = Introspection(self.schema)

    async def __call__(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        read_variable_texts(request.variables)
        try:
            return await self._as_caller(request, document, authorization, client_address)
        except Unauthenticated:
            if not answers_everybody(self.schema, document, _operation(request, document)):
                raise
        # Else nobody could sign in whose client sends what it still holds of an earlier session.
        answer = await self._by_reference(request, document, None, client_address)
        return _with_extensions(answer, _INVALID)

    async def _as_caller(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        credentials = credentials_of(authorization, client_address)
        if credentials is None:
            return await self._by_reference(request, document, None, client_address)
        try:
            answer = await self.compiled(request, document, credentials, client_address)
        except NotCompilableError:
            answer = await self._by_reference(request, document, credentials, client_address)
        self.key_uses.note(credentials.digest)
        self._callers.note(credentials)
        return answer

    async def _by_reference(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials | None,
        client_address: str,
    ) -> ExecutionResult | bytes:
        operation = _operation(request, document)
        if operation.operation is OperationType.QUERY and not is_about_schema(document, operation):
            anonymous = credentials is None
            check_stepwise_cost(self.schema, document, operation, request.variables, anonymous=anonymous)
        async with self.admission.operation(self._callers.caller(credentials, client_address)):
            return await self.reference(request, document, credentials, client_address)

    async def beside(self, authorization: str | None, client_address: str, work: Callable[[], T]) -> T:
        """What the work gives, done beside the event loop in the turn of whoever asks. Raises what
        `Admission.beside` raises."""
        credentials = None
        with suppress(Unauthenticated):
            credentials = credentials_of(authorization, client_address)
        return await self.admission.beside(self._callers.caller(credentials, client_address), work)

    async def prepare(self, source: str, document: DocumentNode) -> None:
        """Compile a query without variables as each kind of principal would ask it, or keep its answer ready
        where it asks about the schema alone."""
        operation = get_operation_ast(document)
        if operation is not None and is_about_schema(document, operation):
            await self._about_schema(source, document, operation, _OURSELVES)
            return
        with suppress(NotCompilableError):
            await self._compiled.prepare(Asked(source, document, None, {}), _OURSELVES)

    async def close(self) -> None:
        """Do what is left to be done after the last request."""
        self.admission.close()
        self.hashing.close()
        await self._callers.close()
        await self.key_uses.close()

    async def compiled(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials,
        client_address: str,
    ) -> ExecutionResult | bytes:
        """The compiled answer: text as it is, or a result where fields were denied.

        Raises NotCompilableError, Unauthenticated where nobody has the token, RevisionUnknown, and where too
        much is asked at once RateLimited and Busy.
        """
        caller = self._callers.caller(credentials, client_address)
        binds, asked = self._binds(credentials), _asked(request, document)
        answer = await self._compiled.answer(asked, credentials.kind, binds, request.min_revision, caller)
        return self._noted(answer, ReadPath.COMPILED)

    async def reference(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials | None,
        client_address: str,
    ) -> ExecutionResult | bytes:
        """The reference executor's answer; a mutation's payload is read by the compiled one if it can.

        `client_address`: as the transport has it, for limits.
        """
        operation = _operation(request, document)
        caller = self._callers.caller(credentials, client_address)
        about_schema = await self._about_schema(request.query, document, operation, caller)
        if about_schema is None:
            check_cost(self.schema, document, operation, request.variables)
        check_passwords(document, operation)
        revision = request.min_revision
        gate = _ENTERING if revision is None else entering_at_least(revision)
        reader = Reader(self._database, gate, self._binds(credentials or ANONYMOUS))
        kind = None if credentials is None else credentials.kind
        find = partial(self._compiled.find_payload, caller)
        payloads = Payloads(find, self._primary, _asked(request, document), kind)
        try:
            if revision is not None:
                await reader.open()
            principal = await self._authenticate(reader, operation, credentials, request.reason)
            if about_schema is not None:
                return self._noted(about_schema, ReadPath.REFERENCE)
            context = Context(
                reader,
                payloads,
                principal,
                self.sessions,
                self.hashing,
                client_address,
                self._public_url,
                self._subaccount_set_up,
                self._payments,
                self._contact_key,
                request.reason,
            )
            result = execute(
                self.schema,
                document,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation_name,
                executor_class=PayloadExecutor,
                max_coercion_errors=VALIDATION_ERROR_LIMIT,
            )
            answer = result if isinstance(result, ExecutionResult) else await result
            log_codes(refusal.code.name for refusal in context.refusals)
        except GateClosedError:
            raise RevisionUnknown from None
        finally:
            await reader.close()
        changed = operation.operation is OperationType.MUTATION and not payloads.left
        if context.retry_after is not None:
            answer = LimitedResult(answer, context.retry_after)
        return self._noted(answer, ReadPath.COMPILED if changed else ReadPath.REFERENCE)

    async def _about_schema(
        self, source: str, document: DocumentNode, operation: OperationDefinitionNode, caller: Caller
    ) -> KeptAnswer | None:
        """The answer to a question about the schema alone, made beside the event loop if it is not kept."""
        if not is_about_schema(document, operation):
            return None
        kept = self._introspection.kept(source)
        if kept is not None:
            return kept
        answer = partial(self._introspection.answer, source, document, operation)
        return await self.admission.beside(caller, answer)

    def _binds(self, credentials: Credentials) -> dict[str, Any]:
        """The values that reads name themselves."""
        return {**credentials.binds, PUBLIC_URL_NAME: self._public_url}

    async def _authenticate(
        self,
        reader: Reader,
        operation: OperationDefinitionNode,
        credentials: Credentials | None,
        reason: str | None,
    ) -> Principal | None:
        """Who asks: found in a query's own snapshot; a mutation's transaction looks again.

        Raises Unauthenticated.
        """
        if credentials is None:
            return None
        if operation.operation is OperationType.MUTATION:
            return await authenticated(self._primary, credentials, reason)
        found = next((row["ids"] for row in await reader.rows(WHO_ASKS)), None)
        if found is None:
            raise Unauthenticated
        return replace(principal_of(credentials, *found), reason=reason)

    def _noted(self, answer: ExecutionResult | bytes, path: ReadPath) -> ExecutionResult | bytes:
        count_operation(path)
        if not self._debug:
            return answer
        return _with_extensions(answer, {"executor": path.value})


def _with_extensions(answer: ExecutionResult | bytes, extensions: Mapping[str, object]) -> ExecutionResult:
    found = ExecutionResult(orjson.loads(bytes(answer)), None) if isinstance(answer, bytes) else answer
    found.extensions = {**(found.extensions or {}), **extensions}
    return found


def _asked(request: GraphQLRequest, document: DocumentNode) -> Asked:
    return Asked(request.query, document, request.operation_name, request.variables)


def _operation(request: GraphQLRequest, document: DocumentNode) -> OperationDefinitionNode:
    found = get_operation_ast(document, request.operation_name)
    if found is None:
        raise AssertionError("the transport runs only documents that have the operation")
    return found
