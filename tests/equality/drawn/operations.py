"""Whole operations: documents with their variables."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import graphql
from graphql import DocumentNode, GraphQLSchema
from hypothesis import strategies as st

from server.http.request import GraphQLRequest
from tests.equality.drawn.arguments import Arguments
from tests.equality.drawn.choices import Choices
from tests.equality.drawn.selections import Place, Selections, lead_to_interfaces
from tests.equality.drawn.variables import Variables
from tests.equality.drawn.vocabulary import Vocabulary

_CHANCES = {
    "viewer": 75,
    "account": 50,
    "node": 35,
    "nodes": 25,
    "invitation": 2,
    "share": 2,
    "explainAccess": 2,
    "sendPreview": 2,
    "campaignPreview": 2,
    "blockList": 2,
    "deliverability": 2,
    "personalData": 2,
    "statistics": 2,
    "recipientStatistics": 2,
    "templateContent": 2,
    "templatePreview": 2,
}
_INTROSPECTION = ("__schema { queryType { name } }", '__type(name: "Account") { name }')


@dataclass(frozen=True)
class Operation:
    """What a client asks for. `wrong`: an argument is wrong, in a place that may never be read."""

    request: GraphQLRequest
    document: DocumentNode = field(repr=False)
    wrong: bool = False


def operation(source: str, **variables: object) -> Operation:
    """An operation of a text."""
    return Operation(GraphQLRequest(source, None, variables), graphql.parse(source))


def operations(schema: GraphQLSchema, vocabulary: Vocabulary) -> st.SearchStrategy[Operation]:
    """Valid operations on the query type. They shrink towards small ones."""

    # Not a partial: Hypothesis prints the strategy of what fails, and that would show all of the vocabulary.
    def drawn(depth: int, fields: int, seed: int) -> Operation:
        return _operation(schema, vocabulary, depth, fields, seed)

    return st.builds(
        drawn, depth=st.integers(2, 7), fields=st.integers(1, 100), seed=st.integers(0, 2**64 - 1)
    )


def _operation(
    schema: GraphQLSchema, vocabulary: Vocabulary, depth: int, fields: int, seed: int
) -> Operation:
    choices = Choices(seed)
    variables = Variables(choices)
    arguments = Arguments(choices, vocabulary, variables)
    names = _names(choices, schema)
    polymorphic = not lead_to_interfaces(schema).isdisjoint(names)
    selections = Selections(choices, schema, arguments, fields, polymorphic=polymorphic)
    body = " ".join(_root(choices, schema, selections, names, depth))
    name = choices.pick(("", "Q"))
    head = f"query {name}{variables.declared}" if name or variables.declared else ""
    other = " query Other { __typename }" if name and choices.chance(10) else ""
    source = " ".join((f"{head} {{ {body} }}{other}", *selections.definitions))
    chosen_name = name if other or (name and choices.chance(50)) else None
    if choices.chance(5):
        variables.values["unknown"] = 1
    document = graphql.parse(source)
    errors = graphql.validate(schema, document)
    assert not errors, (source, errors)
    return Operation(GraphQLRequest(source, chosen_name, variables.values), document, arguments.wrong)


def _names(choices: Choices, schema: GraphQLSchema) -> list[str]:
    assert schema.query_type is not None
    return [name for name in schema.query_type.fields if choices.chance(_CHANCES.get(name, 50))]


def _root(
    choices: Choices, schema: GraphQLSchema, selections: Selections, names: list[str], depth: int
) -> Iterator[str]:
    assert schema.query_type is not None
    yield from selections.fields(schema.query_type, names, Place(depth))
    if choices.chance(2):
        yield choices.pick(_INTROSPECTION)
    if choices.chance(10) or not names:
        yield "__typename"
