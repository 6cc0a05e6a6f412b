"""Whole operations: documents with their variables."""

from dataclasses import dataclass, field

import graphql
from graphql import DocumentNode, GraphQLObjectType, GraphQLSchema
from hypothesis import assume
from hypothesis import strategies as st

from server.http_request import GraphQLRequest
from tests.equality.arguments import Arguments
from tests.equality.choices import Choices
from tests.equality.selections import Place, Selections
from tests.equality.variables import Variables
from tests.equality.vocabulary import Vocabulary

_CHANCES = {"viewer": 75, "account": 50, "node": 35, "nodes": 3, "invitation": 2}
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


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, vocabulary: Vocabulary) -> Operation:
    """Valid operations on the query type."""
    choices = Choices(draw)
    variables = Variables(choices)
    arguments = Arguments(choices, vocabulary, variables)
    body, definitions = _body(choices, schema, arguments)
    name = choices.pick(("", "Q"))
    head = f"query {name}{variables.declared}" if name or variables.declared else ""
    other = " query Other { __typename }" if name and choices.chance(10) else ""
    source = " ".join((f"{head} {{ {body} }}{other}", *definitions))
    chosen_name = name if other or (name and choices.chance(50)) else None
    if choices.chance(5):
        variables.values["unknown"] = 1
    document = graphql.parse(source)
    assume(not graphql.validate(schema, document))
    return Operation(GraphQLRequest(source, chosen_name, variables.values), document, arguments.wrong)


def _body(choices: Choices, schema: GraphQLSchema, arguments: Arguments) -> tuple[str, list[str]]:
    query_type = schema.query_type
    assert isinstance(query_type, GraphQLObjectType)
    names = [name for name in query_type.fields if choices.chance(_CHANCES.get(name, 50))]
    polymorphic = bool({"node", "nodes"}.intersection(names))
    selections = Selections(
        choices, schema, arguments, choices.pick((64, 8, 16, 32, 100)), polymorphic=polymorphic
    )
    place = Place(choices.pick((5, 3, 4, 6)))
    texts = selections.fields(query_type, names, place)
    if choices.chance(2):
        texts.append(choices.pick(_INTROSPECTION))
    if choices.chance(10) or not texts:
        texts.append("__typename")
    return " ".join(texts), selections.definitions
