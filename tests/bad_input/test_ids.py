"""Ids that name nothing, something else, or something of somebody else: NOT_FOUND, and nothing is changed."""

import uuid
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from authz.builtin_roles import BuiltinRole
from models.identifiers import Kind, new_id, present
from schema.root import build_schema, graphql_schema
from tests.api import Api
from tests.bad_input.inputs import ID_FIELDS, Place, inputs, make_place, still_works, stored
from tests.resolvers.mutations import attempt
from tests.world import Account, ApiKey, Member, Person, World

MUTATIONS = {
    "subaccountCreate": ["parentId"],
    "accountUpdate": ["accountId"],
    "accountSuspend": ["accountId"],
    "accountResume": ["accountId"],
    "accountClose": ["accountId"],
    "memberInvite": ["accountId", "roleId"],
    "invitationRevoke": ["invitationId"],
    "memberUpdate": ["memberId", "roleId"],
    "memberRemove": ["memberId"],
    "memberLeave": ["accountId"],
    "ownershipTransfer": ["accountId", "toMemberId", "fromMemberId"],
    "apiKeyCreate": ["accountId", "roleId"],
    "apiKeyRevoke": ["apiKeyId"],
    "apiKeyRotate": ["apiKeyId"],
}
"""The mutations that take ids, and their fields that are ids."""


def _malformed(kind: Kind, right: str) -> list[object]:
    number = right.partition("_")[2]
    return [
        "",
        " ",
        "_",
        f"{kind}",
        f"{kind}_",
        number,
        right.upper(),
        right.swapcase(),
        f" {right}",
        f"{right}\n",
        f"{right}_",
        f"{right}_{number}_{number}",
        f"{right}{right}",
        right[:-1],
        f"{kind}_{{{number}}}",
        f"{kind}_{number.replace('-', '')}",
        f"{kind}_00000000-0000-0000-0000-00000000000g",
        f"{kind}_' OR true; --",
        f"{kind}_%",
        "*",
        "\N{GRINNING FACE}" * 41,
        "x" * 10_000,
        0,
        -1,
        2**31,
    ]


async def _assert_not_found(api: Api, place: Place, mutation: str, field: str, wrong: list[object]) -> None:
    right = inputs(place)[mutation]
    for id_ in wrong:
        refused = await attempt(api, mutation, place.caller(mutation), **(right | {field: id_}))
        assert (refused.answer.status, refused.answer.errors) == (200, []), id_
        assert refused.code == "NOT_FOUND", (field, id_)


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_an_id_that_names_nothing_here_is_not_found(api: Api, world: World, mutation: str) -> None:
    place, foreign = await make_place(api, world), await make_place(api, world)
    before = await stored(world, place, foreign)
    own, theirs = place.ids(), foreign.ids()
    for field in MUTATIONS[mutation]:
        kind = ID_FIELDS[field]
        wrong: list[object] = [
            present(kind, uuid.uuid4()),
            present(kind, new_id()),
            present(kind, uuid.UUID(int=0)),
            *([] if kind is Kind.ROLE else [theirs[kind]]),
            *[id_ for other, id_ in own.items() if other is not kind],
            *[
                present(kind, uuid.UUID(id_.partition("_")[2]))
                for other, id_ in own.items()
                if other is not kind
            ],
        ]
        await _assert_not_found(api, place, mutation, field, wrong)
    assert await stored(world, place, foreign) == before


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_what_is_no_id_is_not_found(api: Api, world: World, mutation: str) -> None:
    place = await make_place(api, world)
    before = await stored(world, place)
    for field in MUTATIONS[mutation]:
        right = str(inputs(place)[mutation][field])
        await _assert_not_found(api, place, mutation, field, _malformed(ID_FIELDS[field], right))
    assert await stored(world, place) == before
    await still_works(api, place, mutation)


@pytest.mark.parametrize("mutation", ["accountClose", "memberRemove", "apiKeyRevoke"])
@pytest.mark.parametrize("wrong", [None, True, 1.5, [], ["a", "b"], {}], ids=repr)
async def test_what_is_no_text_is_refused_as_a_whole(
    api: Api, world: World, mutation: str, wrong: object
) -> None:
    place = await make_place(api, world)
    (field,) = MUTATIONS[mutation]
    refused = await attempt(api, mutation, place.above, **(inputs(place)[mutation] | {field: wrong}))
    assert refused.code == "BAD_USER_INPUT"
    assert refused.answer.data is None


@pytest.mark.parametrize("field", ["toMemberId", "fromMemberId", "memberId"])
async def test_ids_of_one_input_lie_in_one_account(api: Api, world: World, field: str) -> None:
    """T1: a right in one account opens no member of another, also where the caller has rights in both."""
    place, other = await make_place(api, world), await make_place(api, world)
    await world.member(other.master, BuiltinRole.ADMINISTRATOR, place.above.person)
    before = await stored(world, place, other)
    transfer = inputs(place)["ownershipTransfer"]
    if field == "memberId":
        below = f"{other.member.id}_{place.account.key}"
        code = (await attempt(api, "memberRemove", place.above, memberId=below)).code
        assert code in {"NOT_FOUND", "INHERITED_MEMBER"}
    else:
        refused = await attempt(
            api, "ownershipTransfer", place.above, **(transfer | {field: other.member.id})
        )
        assert refused.code == "NOT_FOUND"
    assert await stored(world, place, other) == before


def test_every_mutation_and_every_field_is_tried() -> None:
    """The list of right inputs holds every field of every input in the schema, and the ids are told apart."""
    mutations = graphql_schema(build_schema()).mutation_type
    assert mutations is not None
    fields: dict[str, set[str]] = {}
    ids: dict[str, list[str]] = {}
    for name, mutation in mutations.fields.items():
        for argument in mutation.args.values():
            input_type: Any = get_named_type(argument.type)
            assert isinstance(input_type, GraphQLInputObjectType)
            fields[name] = set(input_type.fields)
            ids[name] = [
                field for field, value in input_type.fields.items() if get_named_type(value.type).name == "ID"
            ]
    shown = inputs(_nowhere())
    assert fields == {name: set(values) for name, values in shown.items()}
    assert {name: sorted(found) for name, found in ids.items() if found} == {
        name: sorted(found) for name, found in MUTATIONS.items()
    }


def _nowhere() -> Place:
    account = Account(new_id(), new_id(), "Nowhere", ())
    person = Person(new_id(), "Nobody", "nobody@example.com", "")
    member = Member(new_id(), person, account)
    return Place(account, account, member, member, member, ApiKey(new_id(), ""), person, "", "")
