"""Operations that the reference executor answers: all mutations, and queries that are not compiled."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution import execute
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.principals import ANONYMOUS, Credentials, Principal, PrincipalKind, principal_of
from authz.guards.gathering import Gathering
from authz.wall.freshness import Revision, entering_at_least
from authz.wall.row_security import entering
from authz.wall.tree_door import gates_of_snapshot
from engine.base.preamble import GateClosedError
from engine.compiled.payloads import PayloadExecutor, Payloads
from engine.compiled.query_plans import Asked
from engine.database.pool import Pool
from engine.database.reachability import STATEMENT_ERRORS
from engine.database.snapshot import Reader
from engine.reference.large_lists import TakenList
from engine.writes.sessions import WriteSessions
from resolvers.effects.public_url import PUBLIC_URL_NAME
from schema.fields.anonymity import check_narrowed
from schema.fields.context import Context, Proof
from schema.fields.deployment import Deployment
from server.failures.errors import RevisionUnknown, Unauthenticated
from server.fairness.gate import Caller, Place
from server.fairness.hashing import PasswordThread
from server.graphql.compiled_reads import CompiledReads
from server.graphql.documents import VALIDATION_ERROR_LIMIT
from server.graphql.introspection import KeptAnswer
from server.graphql.response import LimitedResult
from server.http.authentication import WHO_ASKS, KnownCallers, authenticated
from server.http.request import GraphQLRequest
from server.logs.metrics import ReadPath
from server.logs.request_log import log_codes

_GATES = gates_of_snapshot(entering())


@dataclass(frozen=True)
class Run:
    """One operation of one request. `credentials`: None where nobody signs in; `caller`: whom it is counted
    against; `client_address`: as the transport has it, for limits; `place`: what it has of its caller's
    share."""

    request: GraphQLRequest
    document: DocumentNode
    operation: OperationDefinitionNode
    credentials: Credentials | None
    caller: Caller
    client_address: str
    place: Place | None

    @property
    def asked(self) -> Asked:
        """As plans are looked up by."""
        request = self.request
        return Asked(request.query, self.document, request.operation_name, request.variables)


def _nothing() -> None:
    """There is no place to be given back."""


@dataclass(frozen=True)
class Answered:
    """`path`: which executor read the answer; of a mutation: its payload."""

    answer: ExecutionResult | bytes
    path: ReadPath


@dataclass(frozen=True)
class ReferenceRuns:
    """`primary`: the connections that authenticate callers and read payloads."""

    schema: GraphQLSchema
    database: AsyncEngine
    primary: Pool
    compiled: CompiledReads
    deployment: Deployment
    sessions: WriteSessions
    hashing: PasswordThread
    check_event_document: Callable[[Caller, str], Awaitable[None]]
    gathering: Gathering = field(default_factory=Gathering)
    known_callers: KnownCallers = field(default_factory=KnownCallers)

    async def answer(self, run: Run, about_schema: KeptAnswer | None) -> Answered:
        """The answer. `about_schema`: what is known already of a question about the schema alone, which is
        answered once the caller is authenticated.

        Raises Unauthenticated for a token that is not valid, and RevisionUnknown.
        """
        reader = self._reader(run)
        try:
            if run.request.min_revision is not None:
                await reader.open()
            principal, proof = await self._authenticate(reader, run)
            if about_schema is not None:
                return Answered(about_schema, ReadPath.REFERENCE)
            if principal is not None and principal.kind is PrincipalKind.NARROWED_TOKEN:
                check_narrowed(self.schema, run.document, run.operation)
            return await self._executed(run, reader, principal, proof)
        except GateClosedError:
            raise RevisionUnknown from None
        finally:
            await reader.close()

    @asynccontextmanager
    async def snapshot(self, credentials: Credentials, revision: Revision | None) -> AsyncIterator[Reader]:
        """What the caller may read, at one moment. Raises Unauthenticated and RevisionUnknown."""
        gates = _GATES if revision is None else gates_of_snapshot(entering_at_least(revision))
        reader = Reader(self.database, gates, self.binds(credentials))
        try:
            if not await reader.rows(WHO_ASKS):
                raise Unauthenticated
            yield reader
        except GateClosedError:
            raise RevisionUnknown from None
        finally:
            await reader.close()

    def binds(self, credentials: Credentials) -> dict[str, Any]:
        """The values that reads name themselves."""
        return {**credentials.binds, PUBLIC_URL_NAME: self.deployment.public_url}

    def _reader(self, run: Run) -> Reader:
        revision = run.request.min_revision
        gates = _GATES if revision is None else gates_of_snapshot(entering_at_least(revision))
        return Reader(self.database, gates, self.binds(run.credentials or ANONYMOUS))

    async def _executed(
        self, run: Run, reader: Reader, principal: Principal | None, proof: Proof
    ) -> Answered:
        kind = None if run.credentials is None else run.credentials.kind
        payloads = Payloads(partial(self.compiled.find_payload, run.caller), self.primary, run.asked, kind)
        context = Context(
            reader=reader,
            payloads=payloads,
            principal=principal,
            sessions=self.sessions,
            hashing=self.hashing,
            gathering=self.gathering,
            give_way=_nothing if run.place is None else run.place.give_back,
            proof=proof,
            client_address=run.client_address,
            deployment=self.deployment,
            check_event_document=partial(self.check_event_document, run.caller),
            reason=run.request.reason,
            user_agent=run.request.user_agent,
        )
        errors = await asyncio.to_thread(_read, run.request.large_lists) if run.request.large_lists else []
        if errors:
            return Answered(ExecutionResult(None, errors), ReadPath.REFERENCE)
        result = execute(
            self.schema,
            run.document,
            context_value=context,
            variable_values=run.request.variables,
            operation_name=run.request.operation_name,
            executor_class=PayloadExecutor,
            max_coercion_errors=VALIDATION_ERROR_LIMIT,
            read_before=run.request.large_lists,
        )
        answer = result if isinstance(result, ExecutionResult) else await result
        await _proved(proof, answer)
        log_codes(refusal.code.name for refusal in context.refusals)
        if context.retry_after is not None:
            answer = LimitedResult(answer, context.retry_after)
        changed = run.operation.operation is OperationType.MUTATION and not payloads.left
        return Answered(answer, ReadPath.COMPILED if changed else ReadPath.REFERENCE)

    async def _authenticate(self, reader: Reader, run: Run) -> tuple[Principal | None, Proof]:
        """The caller: a query's is found in its own snapshot; each of a mutation's transactions checks it.

        Raises Unauthenticated.
        """
        credentials, reason = run.credentials, run.request.reason
        if credentials is None:
            return None, Proof(None)
        if run.operation.operation is OperationType.MUTATION:
            known = self.known_callers.get(credentials, reason)
            if known is not None:
                return known, Proof(partial(self._ask, credentials))
            return await self._ask(credentials, reason), Proof(None)
        found = next((row["ids"] for row in await reader.rows(WHO_ASKS)), None)
        if found is None:
            raise Unauthenticated
        return replace(principal_of(credentials, *found), reason=reason), Proof(None)

    async def _ask(self, credentials: Credentials, reason: str | None = None) -> Principal:
        try:
            found = await authenticated(self.primary, credentials, reason)
        except Unauthenticated:
            self.known_callers.forget(credentials)
            raise
        self.known_callers.note(found)
        return found


async def _proved(proof: Proof, answer: ExecutionResult) -> None:
    """Have the database say whether the token is valid, if no change did. Where it cannot be asked, what a
    change failed with is answered: that may have been the commit, so "nothing was done" would be wrong.

    Raises Unauthenticated, and what the database raises where nothing failed before.
    """
    try:
        await proof.ask()
    except STATEMENT_ERRORS:
        if not answer.errors:
            raise


def _read(lists: Iterable[TakenList]) -> list[GraphQLError]:
    """What is wrong with the items of the lists."""
    return [error for each in lists for error in each.read(VALIDATION_ERROR_LIMIT)][
        : VALIDATION_ERROR_LIMIT + 1
    ]
