"""A subscription as the query that reads what it delivers.

    subscription ($id: ID!) { log: events(accountId: $id) { nodes { type } } }

becomes

    query ($id: ID!, $position: String) {
      account(id: $id) { log: events(after: $position) { nodes { type } told: pageInfo { endCursor } } }
    }

The fields keep their places in the client's document, so that errors point there. What the server adds for
itself is taken out of each answer again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_operation_ast,
    parse,
)
from graphql.execution.values import get_argument_values, get_variable_values

from models.base.ids import parse as parse_id
from schema.live.roots import AFTER, BELOW, FIRST, ROOTS, Root
from server.failures.errors import ErrorCode
from server.http.request import GraphQLRequest


@dataclass(frozen=True)
class Answer:
    """One answer of the query. `result`: as the client gets it; `value`: of its field; `told`: what the
    server asked for itself, None without a value."""

    result: ExecutionResult
    value: Any
    told: Any


@dataclass(frozen=True)
class LiveQuery:
    """`key`: the field's name in answers. `position`: the variable that holds a list's cursor. `told`: the
    name of what the server asks for itself."""

    request: GraphQLRequest
    document: DocumentNode
    root: Root
    subject: UUID | None
    """What is watched; None: the id that was given is of nothing."""
    with_descendants: bool
    after: str | None
    key: str
    position: str
    told: str

    def asked(self, cursor: str | None) -> GraphQLRequest:
        """The query for what follows the cursor."""
        if not self.root.is_list:
            return self.request
        return self.request._replace(variables={**self.request.variables, self.position: cursor})

    def taken(self, answer: ExecutionResult | bytes) -> Answer:
        """The client's part of an answer."""
        if not isinstance(answer, ExecutionResult):
            answer = ExecutionResult(orjson.loads(answer), None)
        data, above = answer.data, self.root.under
        if data is not None and above is not None:
            data = data[above]
        value = None if data is None else data[self.key]
        told = None if value is None else value.pop(self.told)
        errors = [_moved(error, self.key, above) for error in answer.errors or ()]
        shown = None if answer.data is None else {self.key: value}
        return Answer(ExecutionResult(shown, errors or None, answer.extensions), value, told)


def _moved(error: GraphQLError, key: str, above: str | None) -> GraphQLError:
    """The error as if the field stood where the client wrote it."""
    path = error.path
    if path is None or above is None:
        return error
    return GraphQLError(
        error.message,
        error.nodes,
        path=[key, *path[2:]],
        original_error=error.original_error,
        extensions=error.extensions,
    )


def translated(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, request: GraphQLRequest
) -> LiveQuery:
    """The query of a valid subscription. Raises GraphQLError for variables that are not valid,
    for directives at its root, and for pages of nothing."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    nodes = list(_fields(operation.selection_set.selections, fragments))
    name, key = nodes[0].name.value, (nodes[0].alias or nodes[0].name).value
    root = ROOTS[name]
    given = _arguments(schema, operation, nodes[0], request.variables)
    if given.get(FIRST) == 0:
        message = "A page of nothing is never told: first must be at least 1."
        raise GraphQLError(message, nodes[0], extensions={"code": ErrorCode.BAD_USER_INPUT})
    position, told = _unused("position", request.query), _unused("told", request.query)
    fields = [_at_its_place(node, root, position, told) for node in nodes]
    variables = list(operation.variable_definitions or ())
    if root.under is not None:
        fields = [_above(root.under, root.subject, nodes[0], fields)]
    if root.is_list:
        variables.append(_text_variable(position))
    root_name = _root_type(schema).name
    kept = [each for each in fragments.values() if each.type_condition.name.value != root_name]
    query = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=operation.name,
        variable_definitions=tuple(variables),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(fields)),
        loc=operation.loc,
    )
    subject = given.get(root.subject)
    return LiveQuery(
        # The text names the query among the plans, so it differs from that of the subscription.
        request._replace(query=f"live {position} {told} {request.query}", fresh=True),
        DocumentNode(definitions=(query, *kept)),
        root,
        None if subject is None else parse_id(root.kind, subject),
        bool(given.get(BELOW)),
        given.get(AFTER),
        key,
        position,
        told,
    )


def _fields(
    selections: Sequence[SelectionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    """The root's fields. A valid subscription has one, which may stand there several times."""
    for selection in selections:
        if selection.directives:
            message = "Of a subscription nothing is left out: no directives may stand at its root."
            raise GraphQLError(message, selection, extensions={"code": ErrorCode.BAD_USER_INPUT})
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(selection.selection_set.selections, fragments)
        else:
            fragment = fragments[selection.name.value]  # type: ignore[attr-defined]
            yield from _fields(fragment.selection_set.selections, fragments)


def _arguments(
    schema: GraphQLSchema, operation: OperationDefinitionNode, node: FieldNode, given: dict[str, Any]
) -> Mapping[str, Any]:
    found = get_variable_values(schema, operation.variable_definitions or (), given, max_errors=1)
    if isinstance(found, list):
        raise found[0]
    return get_argument_values(_root_type(schema).fields[node.name.value], node, found)


def _root_type(schema: GraphQLSchema) -> GraphQLObjectType:
    if schema.subscription_type is None:
        raise TypeError("the schema has no subscriptions")
    return schema.subscription_type


def _at_its_place(node: FieldNode, root: Root, position: str, told: str) -> FieldNode:
    """The field as Query has it, and what the server has to know of its answer."""
    own = () if node.selection_set is None else node.selection_set.selections
    asked = get_operation_ast(parse(f"{{ {told}: {root.told} }}", no_location=True))
    added = () if asked is None else asked.selection_set.selections
    return FieldNode(
        alias=node.alias,
        name=node.name,
        arguments=tuple(_moved_arguments(node, root, position)),
        directives=(),
        selection_set=SelectionSetNode(selections=(*own, *added)),
        loc=node.loc,
    )


def _moved_arguments(node: FieldNode, root: Root, position: str) -> Iterator[ArgumentNode]:
    for argument in node.arguments or ():
        name = argument.name.value
        if root.under is None or name not in (root.subject, AFTER):
            yield _argument(name, argument.value)
    for name, fixed in root.fixed.items():
        yield _argument(name, EnumValueNode(value=fixed))
    if root.is_list:
        yield _argument(AFTER, VariableNode(name=NameNode(value=position)))


def _above(above: str, subject: str, node: FieldNode, fields: Sequence[FieldNode]) -> FieldNode:
    """The field of Query that the field stands below."""
    found = next(each for each in node.arguments or () if each.name.value == subject)
    return FieldNode(
        alias=None,
        name=NameNode(value=above),
        arguments=(_argument("id", found.value),),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )


def _argument(name: str, value: Any) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=value)


def _text_variable(name: str) -> VariableDefinitionNode:
    return VariableDefinitionNode(
        variable=VariableNode(name=NameNode(value=name)),
        type=NamedTypeNode(name=NameNode(value="String")),
        default_value=None,
        directives=(),
    )


def _unused(name: str, source: str) -> str:
    """A name that does not stand in the text."""
    while name in source:
        name += "_"
    return name
