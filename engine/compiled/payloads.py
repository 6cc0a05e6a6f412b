"""A mutation's payload: behind the write, one compiled statement reads all of it that is SQL.

The mutation itself, and what Python knows of its payload, run by graphql-core; where SQL has answered a field
of the payload, the answer is taken as it is.
"""

from collections.abc import Awaitable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, cast

import asyncpg
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    Node,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from sqlalchemy import bindparam, select

from engine.base.client_values import NotCompilableError
from engine.compiled.compiler import Compiler
from engine.compiled.denials import settled
from engine.compiled.plain_lists import PlainList, completed
from engine.compiled.query_plans import Asked, Part, QueryPlan
from engine.compiled.shapes import Variables
from engine.compiled.sql_text import Prepared
from engine.database.pool import Pool
from engine.database.reachability import STATEMENT_ERRORS
from engine.declare.declarations import Entity, entity_of
from engine.declare.entity_objects import row_of


@dataclass(frozen=True)
class Answers:
    """What SQL answered of a payload: values by response key, and the errors beside their nulls."""

    values: Mapping[str | int, Any]
    errors: Sequence[GraphQLError]


class Transaction(Protocol):
    """What a payload can be read in before it is committed."""

    async def row_kept(self, sql: str, values: Sequence[Any], *, keep: bool) -> asyncpg.Record | None:
        """The statement's first row. `keep`: it stays prepared. Raises DBAPIError."""


class _Answered(Protocol):
    """A payload that SQL has answered."""

    compiled_answers: Answers


@dataclass(frozen=True)
class PayloadPart:
    """The payload of one of an operation's mutations (see `engine.compiled.query_plans.Part`)."""

    key: str | int
    variant: Hashable
    fields: list[FieldNode]
    type_: GraphQLObjectType
    entity: Entity
    operation_type: OperationType = OperationType.MUTATION

    def nodes(self, operation: OperationDefinitionNode) -> Sequence[Node]:
        return self.fields

    def statement(self, compiler: Compiler, operation: OperationDefinitionNode) -> Prepared:
        row = [
            bindparam(_bind_name(name), type_=type_, required=True).label(name)
            for name, type_ in self.entity.carries.items()
        ]
        return compiler.payload(self.fields, self.type_, select(*row))


class Find(Protocol):
    """Finds the plan of a part of an operation, as `QueryPlans.find` does, while others are served."""

    def __call__(
        self, asked: Asked, part: Part, coerced: Variables
    ) -> Awaitable[tuple[QueryPlan, Variables]]:
        """The plan and the variables. Raises NotCompilableError and COST_EXCEEDED."""


@dataclass
class PayloadRead:
    """How one payload will be read. `plan` None: the reference executor reads it field by field, afterwards.

    `answer`: the statement's, once it was sent.
    """

    entity: Entity
    plan: QueryPlan | None
    variables: Variables
    place: Sequence[str | int]
    answer: bytes | None = None

    def values(self, payload: object, named: Mapping[str, Any]) -> list[Any] | None:
        """The statement's values. None: it cannot be read so, or holds nothing that SQL would answer.

        `named`: values that statements name themselves, such as the caller's.
        """
        row = row_of(payload)
        if self.plan is None or all(value is None for value in row.values()):
            return None
        carried = {_bind_name(name): row[name] for name in self.entity.carries}
        try:
            return self.plan.values(self.variables, {**named, **carried})
        except GraphQLError:
            self.plan = None
            return None

    def settle(self, payload: object) -> None:
        """Put what was answered into the payload."""
        if self.plan is not None and self.answer is not None:
            data, errors = settled(self.answer, self.plan.denials, self.place)
            cast("_Answered", payload).compiled_answers = Answers(data, errors)


class Payloads:
    """Reads the payloads of one request's mutations."""

    def __init__(self, find: Find, pool: Pool, asked: Asked, variant: Hashable) -> None:
        self._find = find
        self._pool = pool
        self._asked = asked
        self._variant = variant
        self.left = False
        """Whether the reference executor reads a payload."""

    async def planned(self, type_: type, info: GraphQLResolveInfo[Any]) -> PayloadRead:
        """How to read a mutation's payload of this type: to be asked before anything is locked."""
        entity = entity_of(type_)
        part = PayloadPart(info.path.key, self._variant, info.field_nodes, _object_type(info), entity)
        plan, variables = None, info.variable_values.coerced
        with suppress(NotCompilableError, GraphQLError):
            plan, variables = await self._find(self._asked, part, info.variable_values.coerced)
        return PayloadRead(entity, plan, variables, info.path.as_list())

    async def read_within(
        self, session: Transaction, payload: object, read: PayloadRead, named: Mapping[str, Any]
    ) -> None:
        """Read it in the transaction that wrote it, before the commit. Raises DBAPIError."""
        values = read.values(payload, named)
        if values is not None and read.plan is not None:
            sql = read.plan.statement.sql
            found = await session.row_kept(sql, values, keep=self._pool.comes_again(sql))
            read.answer = None if found is None else found[0]

    async def read_after(self, payload: object, read: PayloadRead, named: Mapping[str, Any]) -> None:
        """Read it after the commit, in a snapshot of its own.

        Never raises: the write is done, and what Python knows of it, such as a secret that is shown once,
        must be answered.
        """
        values = read.values(payload, named)
        if values is None or read.plan is None:
            return
        try:
            read.answer = await self._pool.value(read.plan.statement.sql, values)
        except STATEMENT_ERRORS:
            read.plan = None

    def settle(self, payload: object, read: PayloadRead) -> None:
        """Put what was answered into the payload. What was not, the reference executor reads."""
        read.settle(payload)
        self.left = self.left or read.plan is None


class ReadBefore(Protocol):
    """A part of the variables that was read before the operation began."""

    def put_into(self, coerced: dict[str, Any]) -> None:
        """Put it into the variables, in the place that was left for it."""


class PayloadExecutor(Executor[Any]):
    """Runs an operation, but for what SQL has answered already. `read_before`: of its variables."""

    def __init__(self, *arguments: Any, read_before: Sequence[ReadBefore] = (), **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        for each in read_before:
            each.put_into(self.variable_values.coerced)

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        *rest: Any,
    ) -> Any:
        if isinstance(result, PlainList):
            return completed(self, return_type.of_type, field_details_list, result)
        return super().complete_list_value(return_type, field_details_list, info, path, result, *rest)

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Path, *rest: Any
    ) -> Any:
        answers: Answers | None = getattr(source, "compiled_answers", None)
        if answers is None or path.key not in answers.values:
            return super().execute_field(parent_type, source, field_details_list, path, *rest)
        below = path.as_list()
        for error in answers.errors:
            place = error.path or []
            if place[: len(below)] == below:
                self.collected_errors.add(error, _extended(path, place[len(below) :]))
        return answers.values[path.key]


def _extended(path: Path, more: Sequence[str | int]) -> Path:
    for key in more:
        path = path.add_key(key)
    return path


def _object_type(info: GraphQLResolveInfo[Any]) -> GraphQLObjectType:
    type_ = get_named_type(info.return_type)
    if not isinstance(type_, GraphQLObjectType):
        raise TypeError(f"{type_} is no payload")
    return type_


def _bind_name(carried: str) -> str:
    return f"carried_{carried}"
