"""Large lists of inputs mean what graphql-core and Strawberry would make of them, errors included."""

from typing import Any, cast

import graphql
import pytest
from graphql import GraphQLError, OperationDefinitionNode
from graphql.execution import get_variable_values
from hypothesis import example, given
from hypothesis import strategies as st
from strawberry.types.arguments import convert_argument

from engine.limits.string_checks import read_variable_texts
from engine.reference.large_lists import LargeLists
from models.messages.events import MessageEventKind
from schema.messages.event_mutations import MessageEventInput
from schema.root import graphql_schema
from tests.client.schema import STRAWBERRY

_CORE = graphql_schema(STRAWBERRY)
_LISTS = LargeLists(_CORE)
_DOCUMENT = graphql.parse("mutation ($input: MessageEventsReportInput!) { __typename }")
_OPERATION = cast("OperationDefinitionNode", _DOCUMENT.definitions[0])
_MOST_ERRORS = 10

_USUAL: dict[str, Any] = {"key": "1", "kind": "OPEN", "occurredAt": "2026-03-29T01:30:00.25+01:00"}
_TEXTS = st.sampled_from(["", "a", "e\u0301", "a\x00", "\ud800", "\u0301" * 40, "a" * 10_001]) | st.text(
    max_size=5
)
_MOMENTS = st.sampled_from(
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:00.1234567Z",
        "2026-01-01T00:00:00,5Z",
        "20260101T000000Z",
        "2026-W01-1T00:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00+01",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00-00:00",
        "2026-01-01",
        "0000-01-01T00:00:00Z",
        "now",
    ]
) | st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat())
_OTHERS: st.SearchStrategy[Any] = st.sampled_from([None, 7, 1.5, True, [], {}, ["a"]])
_FIELDS = {
    "key": _TEXTS | _OTHERS,
    "kind": st.sampled_from([kind.name for kind in MessageEventKind]) | _TEXTS | _OTHERS,
    "occurredAt": _MOMENTS | _OTHERS,
    "messageId": _TEXTS | _OTHERS,
    "url": _TEXTS | _OTHERS,
    "other": _TEXTS,
    "a\x00": _TEXTS,
}
_ITEMS = st.fixed_dictionaries({}, optional=_FIELDS).map(lambda fields: _USUAL | fields)
_FEWER: st.SearchStrategy[Any] = st.sampled_from([{}, {"key": "1"}, None, 1, "a", []])


def _usual_way(items: list[Any]) -> tuple[list[Any], list[str]]:
    """What graphql-core and Strawberry make of them, and the errors."""
    variables: dict[str, Any] = {"input": {"accountId": "a", "stream": "MARKETING", "events": items}}
    read_variable_texts(variables, {})
    found = get_variable_values(
        _CORE, _OPERATION.variable_definitions or (), variables, max_errors=_MOST_ERRORS
    )
    if isinstance(found, list):
        return [], [error.message for error in found]
    events = found.coerced["input"]["events"]
    scalars = STRAWBERRY.schema_converter.scalar_registry
    read = [convert_argument(each, MessageEventInput, scalars, STRAWBERRY.config) for each in events]
    return read, []


def _as_large(items: list[Any]) -> tuple[list[Any], list[str]]:
    variables = {"input": {"accountId": "a", "stream": "MARKETING", "events": items}}
    left, (taken,) = _LISTS.take_out(_OPERATION, variables)
    assert (left["input"]["events"], variables["input"]["events"]) == ([], items)
    errors = taken.read(_MOST_ERRORS)
    return list(taken.read_items), [error.message for error in errors]


@given(st.lists(_ITEMS | _FEWER, max_size=14))
@example([{}] * 14)
@example([_USUAL, _USUAL | {"messageId": 7}, _USUAL | {"occurredAt": "2026-01-01T24:00:00Z"}])
def test_a_large_list_means_what_others_do(items: list[Any]) -> None:
    results = []
    for way in (_usual_way, _as_large):
        given_items = [dict(item) if isinstance(item, dict) else item for item in items]
        try:
            results.append(way(given_items))
        except GraphQLError as error:
            results.append(([], [error.message]))
    assert results[0] == results[1]


@pytest.mark.parametrize("value", [None, 7, {"key": "1"}], ids=["null", "number", "object"])
def test_what_is_no_large_list_stays(value: object) -> None:
    variables = {"input": {"accountId": "a", "stream": "MARKETING", "events": value}}
    assert _LISTS.take_out(_OPERATION, variables) == (variables, [])
