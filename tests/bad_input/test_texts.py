"""Texts that cannot be stored or are too long: refused before the database sees them, wherever they stand."""

import json
from typing import Any

import httpx
import pytest

from schema.fields.long_texts import LONG_TEXTS
from tests.bad_input.inputs import ID_FIELDS, inputs
from tests.bad_input.place import Place, stored
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.world import World

NUL = "a\x00b"
TOO_LONG = "x" * 10_001
PROBLEMS = {NUL: "holds the character NUL.", TOO_LONG: "is longer than 10000 characters."}
_NO_TEXT = {
    "expectedVersion",
    "rightsInheritance",
    "permissions",
    "expiresAt",
    "parentAccess",
    "accept",
    "hours",
    "copy",
    "settings",
    "lock",
    "unlock",
    "bounceLimits",
    "quietHours",
    "fieldFunctions",
}

_WITH_OUTCOMES = {("blockListAdd", "addresses"), ("blockListRemove", "entries")}
"""Each address has an outcome of its own: here, that it is malformed."""
_LONG_TEXTS = {(f"template{what}", part) for what in ("Create", "Update") for part in ("text", "html")}
"""They take more than 10,000 characters."""

QUERIES = {
    "search": "query ($text: String!) { viewer { accounts(search: $text) { totalCount } } }",
    "cursor": "query ($text: String!) { viewer { accounts(after: $text) { totalCount } } }",
    "account": "query ($text: ID!) { account(id: $text) { id } }",
    "node": "query ($text: ID!) { node(id: $text) { id } }",
    "invoice": "query ($text: ID!) { invoice(id: $text) { id } }",
    "nodes": "query ($text: ID!) { nodes(ids: [$text]) { id } }",
    "role": "query ($text: ID!) { viewer { accounts { nodes { members(roleId: $text) { totalCount } } } } }",
    "invitation": "query ($text: String!) { invitation(token: $text) { email } }",
}


async def _raw(api: Api, place: Place, body: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {place.above.token}", "content-type": "application/json"}
    return await api.http.post("/graphql", content=body, headers=headers)


def _code(response: httpx.Response) -> Any:
    (code,) = {error["extensions"]["code"] for error in response.json()["errors"]}
    return code


def _texts(mutation: str, place: Place) -> list[str]:
    return [field for field in inputs(place)[mutation] if field not in _NO_TEXT]


async def test_texts_that_cannot_be_stored_are_refused_in_every_field_of_every_mutation(
    api: Api, world: World, place: Place
) -> None:
    before = await stored(world, place)
    for mutation, right in inputs(place).items():
        for field in _texts(mutation, place):
            for wrong, problem in PROBLEMS.items():
                if field in LONG_TEXTS and wrong == TOO_LONG:
                    continue
                refused = await attempt(api, mutation, place.caller(mutation), **(right | {field: wrong}))
                assert refused.code == "BAD_USER_INPUT", (mutation, field)
                (error,) = refused.answer.errors
                assert error["message"] == f"The variable $input.{field} {problem}"
                assert refused.answer.data is None
    assert await stored(world, place) == before


@pytest.mark.parametrize("where", QUERIES)
async def test_texts_that_cannot_be_stored_are_refused_in_every_query(
    api: Api, place: Place, where: str
) -> None:
    for wrong in (NUL, TOO_LONG, "\x00"):
        answer = await api.ask(QUERIES[where], place.above, text=wrong)
        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
    for strange in (
        "x" * 10_000,
        "\N{GRINNING FACE}",
        "\ufffe\uffff",
        "\x01\x7f",
        "'; DROP TABLE users; --",
        "\\",
    ):
        answer = await api.ask(QUERIES[where], place.above, text=strange)
        assert set(answer.codes) <= {"NOT_FOUND", "BAD_USER_INPUT"}
    assert (await api.ask(QUERIES["search"], place.above, text="")).codes == []


_NAME_OF_NEW = (
    '{ accountUpdate(input: {accountId: "%s", expectedVersion: 1, name: %s}) { userErrors { code } } }'
)


@pytest.mark.parametrize(
    "literal",
    [
        r'"a\u0000b"',
        r'"\u{0}"',
        '"""a\\u0000\x00b"""',
        '"a\x00b"',
        '"' + TOO_LONG + '"',
        '"""' + TOO_LONG + '"""',
    ],
    ids=["escaped", "braced", "block", "raw", "long", "long block"],
)
async def test_a_literal_in_the_document_is_looked_at_too(
    api: Api, world: World, place: Place, literal: str
) -> None:
    before = await stored(world, place)
    query = "mutation " + _NAME_OF_NEW % (place.account.id, literal)
    answer = await api.ask(query, place.above)
    assert (answer.data, set(answer.codes)) == (None, {"BAD_USER_INPUT"})
    (error,) = answer.errors
    assert error["message"] in {f"The argument input.name {problem}" for problem in PROBLEMS.values()}
    assert await stored(world, place) == before


async def test_half_a_surrogate_pair_in_the_document_is_refused(api: Api, place: Place) -> None:
    for literal in (r'"\ud800"', r'"\udc00"', r'"\udc00\ud800"', r'"\u{d800}"', r'"\ud83dx"'):
        answer = await api.ask("mutation " + _NAME_OF_NEW % (place.account.id, literal), place.above)
        assert (answer.data, set(answer.codes)) == (None, {"BAD_USER_INPUT"})


@pytest.mark.parametrize("field", ["accountId", "name"])
async def test_half_a_surrogate_pair_in_json_is_refused(
    api: Api, world: World, place: Place, field: str
) -> None:
    before = await stored(world, place)
    query = "mutation ($input: AccountUpdateInput!) { accountUpdate(input: $input) { userErrors { code } } }"
    right = {"accountId": place.account.id, "expectedVersion": 2, "name": "New"}
    body = json.dumps({"query": query, "variables": {"input": right | {field: "@@"}}})
    for escape in (r"\ud800", r"\udfff", r"\ud800\ud800", r"a\ud83d", r"\ude00b"):
        response = await _raw(api, place, body.replace("@@", escape).encode())
        assert (response.status_code, _code(response)) == (400, "BAD_USER_INPUT")
    whole = await _raw(api, place, body.replace("@@", r"\ud83d\ude00").encode())
    code = "NOT_FOUND" if field == "accountId" else "CONFLICT"  # it is not of version 2
    assert whole.json()["data"]["accountUpdate"]["userErrors"] == [{"code": code}]
    assert await stored(world, place) == before


async def test_a_text_of_the_longest_length_is_refused_where_it_stands(
    api: Api, stranger: Api, world: World, place: Place
) -> None:
    """10,000 characters reach the field, which tells its own limit."""
    before = await stored(world, place)
    longest = "x" * 10_000
    codes = {
        (mutation, field): (
            await attempt(stranger, mutation, place.caller(mutation), **(right | {field: longest}))
        ).code
        for mutation, right in inputs(place).items()
        for field in _texts(mutation, place)
        if (mutation, field) != ("sendReserve", "contactListId")  # refused for another list beside it
        and mutation != "accountResume"  # nothing to do, so its reason is not looked at
        and not field.startswith("recipient")  # left out of the list
        and (mutation, field)
        not in {("invitationAccept", "token"), ("invitationDecline", "token")}  # beside an id
        and (mutation, field) not in _WITH_OUTCOMES
        and (mutation, field) not in _LONG_TEXTS
        and field != "deviceToken"  # what is no secret of a known device is that of an unknown one
    }
    links = {("emailVerify", "token"), ("passwordReset", "token")}
    links |= {("singleSignOnComplete", "code"), ("singleSignOnComplete", "verifier")}
    assert {codes.pop(pair) for pair in links} == {"LINK_NOT_VALID"}
    not_found = {pair for pair, code in codes.items() if code == "NOT_FOUND"}
    secrets = {"token", "shareToken"}
    assert not_found == {pair for pair in codes if pair[1] in ID_FIELDS or pair[1] in secrets}
    refused = {pair: code for pair, code in codes.items() if pair not in not_found}
    wrong_password = {("signIn", "password"), ("passwordChange", "currentPassword")}
    of_factors = ("totpStart", "totpDisable", "recoveryCodesRenew", "passkeyStart", "passkeyRemove")
    for mutation in ("emailVerify", "userDelete", "emailChange", *of_factors):
        wrong_password.add((mutation, "password"))
    assert {pair for pair, code in refused.items() if code == "SIGN_IN_REFUSED"} == wrong_password
    others = {code for pair, code in refused.items() if pair not in wrong_password}
    assert others == {"BAD_USER_INPUT", "SECOND_FACTOR_REFUSED"}  # what opens no challenge
    assert await stored(world, place) == before
