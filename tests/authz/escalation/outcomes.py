"""What became of an operation, in one word, so that tables of expectations can be written by hand."""

from collections.abc import Collection
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type

from tests.client.api import Answer, Api, Caller
from tests.client.schema import SCHEMA

DONE = "ok"


def root_fields(type_: GraphQLObjectType | None) -> dict[str, GraphQLField]:
    """The fields of Query or of Mutation."""
    assert type_ is not None
    fields: dict[str, GraphQLField] = type_.fields
    return fields


_SELECTIONS = {
    "singleSignOn": "singleSignOn { issuer }",
    "contactAttributes": "contactAttributes { name }",
    "creditBudget": "creditBudget { guarantee }",
    "credit": "credit { balance }",
    "creditAt": 'creditAt(moment: "2026-01-01T00:00:00Z")',
    "ledgerProof": "ledgerProof { head }",
    "eventProof": "eventProof { head }",
    "nextOwnPlan": "nextOwnPlan { code }",
    "ownershipOffer": "ownershipOffer { expiresAt }",
    "sendBudget": "sendBudget { guarantee }",
    "settings": "settings { language { origin } }",
    "billingDetails": "billingDetails { name }",
    "invoicedAccount": "invoicedAccount { id }",
    "costs": 'costs(since: "2026-01-01T00:00:00Z", until: "2999-01-01T00:00:00Z") { totalCount }',
    "subscription": "subscription { timeZone }",
    "topUpRule": "topUpRule { threshold }",
    "review": "review { status }",
    "usage": "usage { startsAt }",
}
"""What is neither a leaf without arguments nor a list with a number."""


def selection_of(type_name: str, names: Collection[str]) -> str:
    """These fields of a type: a list by its number."""
    type_ = SCHEMA.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    leaves = {name for name in names if is_leaf_type(get_named_type(type_.fields[name].type))}
    plain = {name: name for name in leaves} | _SELECTIONS
    return " ".join(plain.get(name, f"{name} {{ totalCount }}") for name in sorted(names))


async def mutate(api: Api, name: str, caller: Caller | None, input_: dict[str, Any] | None) -> Answer:
    """Run a mutation and ask for everything in its payload, so that a leak would show."""
    field = root_fields(SCHEMA.mutation_type)[name]
    payload = get_named_type(field.type)
    assert isinstance(payload, GraphQLObjectType)
    if input_ is None:
        return await api.ask(f"mutation {{ {name} {{ {_selection(payload)} }} }}", caller)
    return await mutate_with(api, name, caller, input_, _selection(payload))


async def mutate_with(
    api: Api, name: str, caller: Caller | None, input_: dict[str, Any], selection: str
) -> Answer:
    """The same, and ask for this selection."""
    input_type = root_fields(SCHEMA.mutation_type)[name].args["input"].type
    document = f"mutation ($input: {input_type}) {{ {name}(input: $input) {{ {selection} }} }}"
    return await api.ask(document, caller, input=await api.with_version(name, caller, input_))


def outcome(answer: Answer, field: str) -> str:
    """`ok`, or the refusal's code, with the permission that is missing behind it.

    Asserts that a refusal comes without data. `401 ...`: the token was not accepted at all; `null`: a field
    that answers so for what is not there.
    """
    if answer.status == 401:
        assert answer.data is None
        return f"401 {answer.codes[0]}"
    assert answer.status == 200
    if answer.errors:
        assert len(answer.errors) == 1
        assert not answer.data or answer.data[field] is None
        return _words(answer.errors[0]["extensions"])
    value = answer.data[field]
    if value is None:
        return "null"
    refusals = value.get("userErrors") if isinstance(value, dict) else None
    if not refusals:
        return DONE
    assert len(refusals) == 1
    told = {name: item for name, item in value.items() if name != "userErrors" and item not in (None, False)}
    assert not told, "a refused mutation told something"
    return _words(refusals[0])


def codes_of(answer: Answer, field: str) -> list[str]:
    """The codes of all that was refused, with whatever data; none: it was done."""
    payload: dict[str, Any] | Any = (answer.data or {}).get(field)
    refusals = payload.get("userErrors") or [] if isinstance(payload, dict) else []
    return [*answer.codes, *(refusal["code"] for refusal in refusals)]


_TOLD_OF_OBJECTS = (
    "id",
    "accountId",
    "toAccountId",
    "expiresAt",
    "name",
    "index",
    "setting",
    "outcome",
    "cause",
    "canSend",
)
"""What is asked of an object in a payload: the first of these that it has."""


def _inner(field: GraphQLField) -> str:
    type_ = get_named_type(field.type)
    assert isinstance(type_, GraphQLObjectType)
    return next(name for name in _TOLD_OF_OBJECTS if name in type_.fields)


def _words(refusal: dict[str, Any]) -> str:
    return " ".join(filter(None, [refusal["code"], refusal.get("permission")]))


def _selection(payload: GraphQLObjectType) -> str:
    plain = [
        name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ {_inner(field)} }}"
        for name, field in payload.fields.items()
        if name != "userErrors"
    ]
    return " ".join([*plain, "userErrors { code field message ... on PermissionDenied { permission } }"])
