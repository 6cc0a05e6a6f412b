"""What an operation costs is what the manual says, whatever is asked (docs/guide/limits.md)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    get_operation_ast,
    is_leaf_type,
    is_list_type,
    is_object_type,
    value_from_ast_untyped,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.declare.selections import sql_field
from engine.limits.operation import CHANGE_COST, COST_LIMIT, check_cost
from server.graphql.runner import OperationRunner
from tests.authz.escalation.profiles import BY_NIGHT
from tests.equality.drawn.operations import Operation, operation, operations
from tests.equality.drawn.vocabulary import Vocabulary

_BOUNDS = {
    "Account.ancestors": 32,
    "Account.contactAttributes": 100,
    "AccessPromise.roles": 20,
    "Domain.records": 7,
    "FieldFunctionsSetting.functions": 100,
    "FieldFunctionsSetting.ownFunctions": 100,
    "Invitation.brokenPromises": 20,
    "LedgerProof.balances": 3,
    "LedgerTransaction.entries": 2,
    "Message.attachments": 20,
    "NarrowedToken.accounts": 100,
    "OwnershipOffer.brokenPromises": 20,
    "ParentAccessRequest.brokenPromises": 20,
    "Role.policyLines": 80,
    "ScimGroup.roles": 100,
    "SecondFactor.passkeys": 20,
    "Share.accounts": 100,
    "Share.brokenPromises": 20,
    "SingleSignOn.breakGlassMembers": 10,
    "SingleSignOn.roles": 100,
    "StaffReview.sample": 50,
    "WebhookDelivery.tries": 100,
}
"""How many items each list without pages can have."""
_MANUAL = Path(__file__).parents[2] / "docs/guide/limits.md"
_DEFAULT_PAGE = 20
_LONGEST_PAGE = 1_000
_SHORTER_PAGES = {"blockList": 200, "statistics": 200, "recipientStatistics": 200}
_MOST_IDS = 100
_MADE_FOR_THE_ANSWER = {
    "AccessChange",
    "AccessExplanation",
    "AccessGranters",
    "AccountNotSettled",
    "AddressDeliverability",
    "Blocked",
    "ContactUpsertResult",
    "Query",
    "SendPreview",
    "TemplatePreview",
}
"""Types whose lists are no rows, and payloads."""


@settings(
    max_examples=500 if BY_NIGHT else 60,
    derandomize=not BY_NIGHT,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
async def test_the_cost_is_that_of_the_manual(
    executor: OperationRunner, vocabularies: Mapping[str, Vocabulary], data: st.DataObject
) -> None:
    asked = data.draw(operations(executor.schema, vocabularies["owner of a tree"]))
    _check(executor.schema, asked)


def test_a_change_counts_ten_fields_and_its_payload(executor: OperationRunner) -> None:
    asked = operation(
        "mutation { ...F b: signOut { userErrors { code message } } } "
        "fragment F on Mutation { signOut { __typename } }"
    )
    assert _check(executor.schema, asked) == (CHANGE_COST + 1) + (CHANGE_COST + 3)


def _is_made(type_: GraphQLNamedType) -> bool:
    return type_.name in _MADE_FOR_THE_ANSWER or type_.name.endswith("Payload")


def test_every_list_without_pages_has_a_stated_bound(executor: OperationRunner) -> None:
    """In the schema, in this table and in the manual."""
    stated = {
        f"{type_.name}.{name}": most
        for type_ in executor.schema.type_map.values()
        if is_object_type(type_) and not type_.name.startswith("__") and not _is_made(type_)
        for name, definition in type_.fields.items()
        if name not in ("nodes", "edges") and _is_list_of_objects(definition)
        for declared in (sql_field(definition),)
        for most in (None if declared is None else declared.declaration.most,)
    }
    assert stated == _BOUNDS
    lines = [line.split("|")[1:3] for line in _MANUAL.read_text().splitlines() if line.startswith("| `")]
    told = {
        name: int(cell.split()[0])
        for names, cell in lines
        if " items" in cell
        for name in re.findall(r"`([^`]+)`", names)
    }
    assert told == _BOUNDS


def _is_list_of_objects(definition: GraphQLField) -> bool:
    return is_list_type(get_nullable_type(definition.type)) and not is_leaf_type(
        get_named_type(definition.type)
    )


@pytest.mark.parametrize("name", _BOUNDS)
def test_what_stands_in_such_a_list_counts_as_often(executor: OperationRunner, name: str) -> None:
    """Ten fields in it, and itself."""
    type_, field = name.split(".")
    fields = " ".join(f"a{number}: __typename" for number in range(10))
    asked = operation(f'{{ node(id: "") {{ ... on {type_} {{ {field} {{ {fields} }} }} }} }}')
    found = get_operation_ast(asked.document, None)
    assert found is not None
    assert check_cost(executor.schema, asked.document, found, {}) == 2 + 10 * _BOUNDS[name]


def test_a_page_of_offers_with_what_dooms_them_can_be_asked_for(executor: OperationRunner) -> None:
    asked = operation(
        "{ viewer { ownershipOffers(first: 100) { nodes { account { name } "
        "brokenPromises { id permissions roles { name } } } } } }"
    )
    assert _check(executor.schema, asked) < COST_LIMIT


def _check(schema: GraphQLSchema, asked: Operation) -> int:
    request = asked.request
    found = get_operation_ast(asked.document, request.operation_name)
    assert found is not None
    manual = _Manual(schema, asked).cost
    if manual <= COST_LIMIT:
        assert check_cost(schema, asked.document, found, request.variables) == manual, request
        return manual
    with pytest.raises(GraphQLError, match=str(COST_LIMIT)):
        check_cost(schema, asked.document, found, request.variables)
    return manual


class _Manual:
    """Goes over each field once for each place where it stands, and adds up how often the answer has it."""

    def __init__(self, schema: GraphQLSchema, asked: Operation) -> None:
        found = get_operation_ast(asked.document, asked.request.operation_name)
        assert found is not None
        root = schema.get_root_type(found.operation)
        assert root is not None
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in found.variable_definitions or ()
            if each.default_value is not None
        }
        self._variables = {**defaults, **asked.request.variables}
        self._fragments = {
            each.name.value: each
            for each in asked.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._schema = schema
        self.cost = 0
        places: list[tuple[SelectionSetNode, GraphQLNamedType, int, int]] = [
            (found.selection_set, root, 1, 1)
        ]
        while places:
            places.extend(self._inside(*places.pop()))

    def _inside(
        self, selections: SelectionSetNode, type_: GraphQLNamedType, times: int, page: int
    ) -> list[tuple[SelectionSetNode, GraphQLNamedType, int, int]]:
        """Adds the fields of an object that the answer has so many times; `page`: of the connection that it
        is. What stands in them."""
        inside = []
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                condition = self._schema.type_map[fragment.type_condition.name.value]
                inside.append((fragment.selection_set, condition, times, page))
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition
                condition = self._schema.type_map[named.name.value] if named else type_
                inside.append((node.selection_set, condition, times, page))
            elif isinstance(node, FieldNode):
                self.cost += times * (CHANGE_COST if type_ is self._schema.mutation_type else 1)
                definition = getattr(type_, "fields", {}).get(node.name.value)
                if definition is not None and node.selection_set is not None:
                    arguments = {
                        each.name.value: value_from_ast_untyped(each.value, self._variables)
                        for each in node.arguments or ()
                    }
                    many = self._many(type_, node.name.value, definition, arguments, page)
                    its_page = self._page(node.name.value, definition, arguments)
                    inside.append(
                        (node.selection_set, get_named_type(definition.type), times * many, its_page)
                    )
        return inside

    def _many(
        self,
        type_: GraphQLNamedType,
        name: str,
        definition: GraphQLField,
        arguments: Mapping[str, Any],
        page: int,
    ) -> int:
        is_list = is_list_type(get_nullable_type(definition.type))
        if not is_list or is_leaf_type(get_named_type(definition.type)):
            return 1
        if "ids" in definition.args:
            ids = arguments.get("ids")
            return min(len(ids), _MOST_IDS) if isinstance(ids, list) else 1
        if name in ("nodes", "edges"):
            return page
        return 1 if _is_made(type_) else _BOUNDS[f"{type_.name}.{name}"]

    def _page(self, name: str, definition: GraphQLField, arguments: Mapping[str, Any]) -> int:
        if "first" not in definition.args:
            return 1
        given = [value for each, value in arguments.items() if each in ("first", "last")]
        numbers = [each for each in given if isinstance(each, int | float)]
        if not numbers:
            return _DEFAULT_PAGE
        return int(min(max(numbers[0], 0), _SHORTER_PAGES.get(name, _LONGEST_PAGE)))
