"""Runs GraphQL operations for the transport.

A query with credentials runs compiled, as one statement that also finds the caller. The reference executor
runs what cannot be compiled, and what comes without credentials, in one snapshot.
"""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import orjson
import strawberry
from graphql import DocumentNode, ExecutionResult, OperationDefinitionNode, OperationType, get_operation_ast
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import Credentials
from authz.wall.freshness import Revision
from engine.base.client_values import NotCompilableError
from engine.base.spans import span
from engine.compiled.query_plans import Asked
from engine.database.snapshot import Reader
from engine.limits.operation import check_cost, check_stepwise_cost
from engine.limits.string_checks import read_variable_texts
from engine.writes.sessions import WriteSessions
from schema.fields.anonymity import answers_everybody
from schema.fields.deployment import Deployment
from schema.fields.long_texts import LONG_TEXTS
from schema.people.password_limit import check_passwords
from schema.root import graphql_schema
from server.database.read_pools import ReadPools
from server.database.replica_choice import Reads
from server.failures.errors import Unauthenticated
from server.fairness.admission import Admission
from server.fairness.callers import Callers
from server.fairness.cost_budgets import OF_A_PRINCIPAL, OF_A_TREE, Allowance, CostBudgets
from server.fairness.gate import Caller, Place, Side
from server.fairness.hashing import PasswordThread
from server.graphql.compiled_reads import CompiledReads
from server.graphql.event_documents import EventDocuments
from server.graphql.introspection import Introspection, KeptAnswer, is_about_schema
from server.graphql.reference_runs import ReferenceRuns, Run
from server.http.authentication import credentials_of
from server.http.bearer_tokens import BearerTokens
from server.http.key_uses import KeyUses
from server.http.request import GraphQLRequest
from server.http.request_costs import RequestCosts
from server.logs.metrics import ReadPath
from server.logs.request_log import note_way

T = TypeVar("T")

_OURSELVES: Caller = ((Side.PLACE, "this process"),)

_LONGEST_NAME = 200
"""Characters of an operation's name in a trace."""

_INVALID = {"authentication": "INVALID"}
"""Beside an answer for everybody: the client's token is not valid."""


class OperationRunner:
    """See `server.graphql.endpoint.RunOperation`. `reads`: the primary's connections for compiled reads;
    `replica`: those to a replica, if there is one. `of_a_principal`, `of_a_tree`: what each may spend. With
    `debug` each answer names the executor that read
    it."""

    def __init__(
        self,
        schema: strawberry.Schema,
        database: AsyncEngine,
        reads: ReadPools,
        deployment: Deployment,
        *,
        replica: ReadPools | None = None,
        debug: bool = False,
        of_a_principal: Allowance = OF_A_PRINCIPAL,
        of_a_tree: Allowance = OF_A_TREE,
    ) -> None:
        self.admission = Admission(reads.near.size)
        self._callers = Callers(reads.near)
        self.schema = graphql_schema(schema)
        self.sessions = WriteSessions(database)
        self.budgets = CostBudgets(self.sessions, of_a_principal, of_a_tree)
        reads_ = Reads(reads, replica, self.admission)
        self._compiled = CompiledReads(schema, reads_, self.admission, self.budgets)
        self.bearers = BearerTokens(self.sessions, deployment.issuers)
        self.hashing = PasswordThread()
        self._reference = ReferenceRuns(
            self.schema,
            database,
            reads.near,
            self._compiled,
            deployment,
            self.sessions,
            self.hashing,
            self._check_event_document,
        )
        self._event_documents = EventDocuments(self.schema)
        self.key_uses = KeyUses(self.sessions)
        self.request_costs = RequestCosts(self._callers, self.budgets, self.key_uses)
        self._introspection = Introspection(self.schema)
        self._debug = debug

    async def __call__(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        read_variable_texts(request.variables, LONG_TEXTS)
        operation = _operation(request, document)
        name = operation.name.value[:_LONGEST_NAME] if operation.name else ""
        kind = operation.operation.value
        with span(kind, graphql__operation__name=name, graphql__operation__type=kind):
            return await self._answered(request, document, authorization, client_address)

    async def _answered(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        try:
            return await self._as_caller(request, document, authorization, client_address)
        except Unauthenticated:
            if not answers_everybody(self.schema, document, _operation(request, document)):
                raise
        # A client that still sends the token of an earlier session must be able to sign in.
        answer = await self._by_reference(request, document, None, client_address)
        return _with_extensions(answer, _INVALID)

    async def _as_caller(
        self, request: GraphQLRequest, document: DocumentNode, authorization: str | None, client_address: str
    ) -> ExecutionResult | bytes:
        await self.bearers.introduce(authorization)
        credentials = credentials_of(authorization, client_address)
        if credentials is None:
            return await self._by_reference(request, document, None, client_address)
        answer = await self.as_known(request, document, credentials, client_address)
        self._callers.note(credentials)
        return answer

    async def as_known(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials,
        client_address: str = "",
    ) -> ExecutionResult | bytes:
        """The answer to a caller that is known: by its token, or to the server itself, which reads in its
        name. Raises what `compiled` raises but NotCompilableError."""
        try:
            answer = await self.compiled(request, document, credentials, client_address)
        except NotCompilableError:
            answer = await self._by_reference(request, document, credentials, client_address)
        self.key_uses.note(credentials.digest)
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
        async with self.admission.operation(self._callers.caller(credentials, client_address)) as place:
            return await self.reference(request, document, credentials, client_address, place)

    async def introduced(self, authorization: str | None, client_address: str) -> Credentials:
        """What a client shows that stays for longer than a request. The database is not asked yet whose it
        is. Raises Unauthenticated for what can be no token."""
        await self.bearers.introduce(authorization)
        credentials = credentials_of(authorization, client_address)
        if credentials is None:
            raise Unauthenticated("Sign in, or send an API key.")
        return credentials

    async def accepted(self, credentials: Credentials) -> None:
        """Note that the database has accepted the token of such a client, and wait until it is known whom it
        counts for: a request may count for its token alone at first, but a stream would for as long as it
        is open."""
        self.key_uses.note(credentials.digest)
        await self._callers.look_up(credentials)

    def counted_as(self, credentials: Credentials, client_address: str) -> Caller:
        """Whom such a client is counted against."""
        return self._callers.caller(credentials, client_address)

    @asynccontextmanager
    async def snapshot(
        self, authorization: str | None, client_address: str, revision: Revision | None, cost: int
    ) -> AsyncIterator[Reader]:
        """What the caller may read, at one moment and in its turn, for answers that are not GraphQL's.
        `cost`: what it is charged.

        Raises Unauthenticated, RevisionUnknown, and where too much is asked at once RateLimited and Busy.
        """
        credentials = await self.introduced(authorization, client_address)
        await self.request_costs.charge(credentials, client_address, cost)
        async with (
            self.admission.operation(self._callers.caller(credentials, client_address)),
            self._reference.snapshot(credentials, revision) as reader,
        ):
            self.request_costs.accepted(credentials)
            yield reader

    async def beside(self, authorization: str | None, client_address: str, work: Callable[[], T]) -> T:
        """What the work returns, done beside the event loop in the caller's turn. Raises what
        `Admission.beside` raises."""
        return await self.admission.beside(self.caller(authorization, client_address), work)

    def caller(self, authorization: str | None, client_address: str) -> Caller:
        """The caller of a request: the principal only where the database accepted its token before."""
        credentials = None
        with suppress(Unauthenticated):
            credentials = credentials_of(authorization, client_address)
        return self._callers.caller(credentials, client_address)

    def holder(self, authorization: str | None, client_address: str) -> Hashable:
        """On whose account documents are kept: that of a place, apart for those whose token was accepted. Not
        that of a token, as anybody can have many."""
        sides = self.caller(authorization, client_address)
        return sides[-1], len(sides) > 1

    async def prepare(self, source: str, document: DocumentNode) -> None:
        """Compile a query without variables as each kind of principal would ask it, or keep its answer ready
        where it asks about the schema alone."""
        operation = get_operation_ast(document)
        if operation is not None and is_about_schema(document, operation):
            await self._about_schema(source, document, operation, _OURSELVES)
            return
        with suppress(NotCompilableError):
            await self._compiled.prepare(Asked(source, document, None, {}), _OURSELVES)

    async def prepare_fragments(self) -> None:
        """Build what documents are put together from, while others are served."""
        await self._compiled.prepare_fragments(_OURSELVES)

    async def close(self) -> None:
        """To be called after the last request."""
        self.admission.close()
        self.hashing.close()
        await self._callers.close()
        await self.key_uses.close()
        await self.budgets.close()

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
        binds, asked = self._reference.binds(credentials), _asked(request, document)
        answer = await self._compiled.answer(
            asked, credentials.kind, binds, request.min_revision, caller, fresh=request.fresh
        )
        return self._noted(answer, ReadPath.COMPILED)

    async def reference(
        self,
        request: GraphQLRequest,
        document: DocumentNode,
        credentials: Credentials | None,
        client_address: str,
        place: Place | None = None,
    ) -> ExecutionResult | bytes:
        """The reference executor's answer; a mutation's payload is read by the compiled one if it can.

        `client_address`: as the transport has it, for limits. `place`: what the request has of its caller's
        share.
        """
        operation = _operation(request, document)
        caller = self._callers.caller(credentials, client_address)
        about_schema = await self._about_schema(request.query, document, operation, caller)
        if about_schema is None:
            cost = check_cost(self.schema, document, operation, request.variables)
            check_passwords(document, operation)
            await self.budgets.charge(caller, cost)
        run = Run(request, document, operation, credentials, caller, client_address, place)
        answered = await self._reference.answer(run, about_schema)
        answer = self._noted(answered.answer, answered.path)
        if operation.operation is OperationType.MUTATION:
            note_way("mutation")
        return answer

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

    async def _check_event_document(self, caller: Caller, source: str) -> None:
        await self.admission.beside(caller, partial(self._event_documents.check, source))

    def _noted(self, answer: ExecutionResult | bytes, path: ReadPath) -> ExecutionResult | bytes:
        note_way(path.value)
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
