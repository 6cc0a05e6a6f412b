"""Tokens that are not valid: what answers everybody answers, and all else refuses the whole request."""

import secrets

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from authz.callers.tokens import TokenKind, generate
from authz.policy.builtin_roles import BuiltinRole
from engine.base.marks import Anonymous
from schema.fields.directives import directives_of
from tests.client.api import Api
from tests.client.mutations import Token
from tests.client.schema import SCHEMA
from tests.world.world import PASSWORD, World

_SIGN_IN = "mutation ($input: SignInInput!) { signIn(input: $input) { token userErrors { code } } }"
_PASSKEY = 'mutation { passkeySignIn(input: {challengeToken: "x", passkey: "{}"}) { userErrors { code } } }'
_RESET = 'mutation { secondFactorResetRequest(input: {challengeToken: "x"}) { userErrors { code } } }'
_FOR_EVERYBODY = {
    "signIn": _SIGN_IN,
    "signInConfirm": 'mutation { signInConfirm(input: {challengeToken: "x"}) { userErrors { code } } }',
    "passkeySignInStart": "mutation { passkeySignInStart { userErrors { code } } }",
    "passkeySignIn": _PASSKEY,
    "secondFactorResetRequest": _RESET,
    "singleSignOnComplete": 'mutation { singleSignOnComplete(input: {code: "x", verifier: "x"}) '
    "{ userErrors { code } } }",
    "signUp": 'mutation { signUp(input: {name: "", email: "", password: ""}) { userErrors { code } } }',
    "invitationDecline": 'mutation { invitationDecline(input: {token: "mdi_x"}) { userErrors { code } } }',
    "shareDecline": 'mutation { shareDecline(input: {token: "mdh_x"}) { userErrors { code } } }',
    "emailVerify": 'mutation { emailVerify(input: {token: "x"}) { userErrors { code } } }',
    "passwordReset": 'mutation { passwordReset(input: {token: "", newPassword: ""}) { __typename } }',
    "passwordResetRequest": 'mutation { passwordResetRequest(input: {email: ""}) { userErrors { code } } }',
    "invitation": '{ invitation(token: "mdi_x") { email } }',
    "share": '{ share(token: "mdh_x") { email } }',
}
_INTROSPECTION = (
    "{ __typename }",
    "query Q { ...Root } fragment Root on Query { ... on Query { __schema { queryType { name } } } }",
)
_FOR_SOMEBODY = (
    "{ viewer { id } }",
    "{ __typename viewer { id } }",
    '{ invitation(token: "mdi_x") { email } ...R } fragment R on Query { ... { staff { __typename } } }',
    "query ($no: Boolean = false) { __typename viewer @include(if: $no) { id } }",
    '{ node(id: "acct_1") { id } }',
    "mutation { signOut { userErrors { code } } }",
)
_NO_BEARER = "The header Authorization must be `Bearer`, a space, and the token of a session or an API key."
_NOT_BEARER = {"empty", "another scheme", "no scheme"}
"""No mistake of the token itself."""
_BOTH = "mutation ($input: SignInInput!) { signIn(input: $input) { token } signOut { userErrors { code } } }"


async def _invalid(world: World, database: AsyncEngine) -> dict[str, str]:
    """Every way in which a header can be none of anybody's."""
    account = await world.account()
    owner, key = (
        await world.member(account, BuiltinRole.OWNER),
        await world.api_key(account, BuiltinRole.OWNER),
    )
    expired, bound = await world.person(), await world.api_key(account, BuiltinRole.OWNER)
    ended = await world.api_key(account, BuiltinRole.OWNER)
    async with database.begin() as connection:
        for sql, value in (
            ("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = :id", expired.key),
            ("UPDATE api_keys SET revoked_at = now() WHERE id = :id", key.key),
            ("UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = :id", ended.key),
            ("UPDATE api_keys SET ip_ranges = '{192.0.2.0/24}' WHERE id = :id", bound.key),
        ):
            assert (await connection.execute(text(sql), {"id": value})).rowcount == 1
    last = "0" if owner.token[-1] != "0" else "1"
    return {
        "never made": f"Bearer {generate(TokenKind.SESSION)}",
        "expired session": f"Bearer {expired.token}",
        "revoked key": f"Bearer {key.token}",
        "expired key": f"Bearer {ended.token}",
        "key of another network": f"Bearer {bound.token}",
        "wrong checksum": f"Bearer {owner.token[:-1]}{last}",
        "secret of a link": f"Bearer {generate(TokenKind.INVITATION)}",
        "malformed": "Bearer x",
        "empty": "Bearer ",
        "another scheme": f"Basic {owner.token}",
        "no scheme": owner.token,
    }


async def _ask(api: Api, authorization: str, query: str, **variables: object) -> httpx.Response:
    return await api.http.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": authorization},
    )


async def test_a_token_that_is_not_valid(stranger: Api, world: World, database: AsyncEngine) -> None:
    values = {"email": "nobody@example.com", "password": "not the password"}
    expected = {}
    for query in (*_FOR_EVERYBODY.values(), *_INTROSPECTION):
        body = {"query": query, "variables": {"input": values}}
        expected[query] = (await stranger.http.post("/graphql", json=body)).json()
    for number, (why, authorization) in enumerate((await _invalid(world, database)).items()):
        for query, answer in expected.items():
            response = await _ask(
                stranger, authorization, query, input={**values, "email": f"{number}@example.com"}
            )
            assert response.status_code == 200, (why, query)
            told = response.json()
            assert told["extensions"].pop("authentication") == "INVALID", (why, query)
            assert told["data"] == answer["data"], (why, query)
        for query in _FOR_SOMEBODY:
            response = await _ask(stranger, authorization, query)
            assert response.status_code == 401, (why, query)
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.json().keys() - {"extensions"} == {"errors"}
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert error["message"] == (_NO_BEARER if why in _NOT_BEARER else "The token is not valid.")


async def test_an_app_signs_in_again_with_what_it_still_sends(stranger: Api, world: World) -> None:
    person = await world.person()
    values = {"email": person.email, "password": PASSWORD}
    response = await _ask(stranger, f"Bearer {generate(TokenKind.SESSION)}", _SIGN_IN, input=values)
    body = response.json()
    assert body["extensions"]["authentication"] == "INVALID"
    found = await stranger.read("{ viewer { id } }", Token(body["data"]["signIn"]["token"]))
    assert found == {"viewer": {"id": person.id}}


async def test_of_half_an_operation_nothing_is_done(
    stranger: Api, world: World, database: AsyncEngine
) -> None:
    person = await world.person()
    count = text("SELECT count(*) FROM sessions WHERE user_id = :id")
    async with database.connect() as connection:
        before = (await connection.execute(count, {"id": person.key})).scalar_one()
        values = {"email": person.email, "password": PASSWORD}
        response = await _ask(stranger, f"Bearer {generate(TokenKind.SESSION)}", _BOTH, input=values)
        assert response.status_code == 401
        assert (await connection.execute(count, {"id": person.key})).scalar_one() == before


async def test_a_valid_token_is_not_told_of(stranger: Api, world: World) -> None:
    person = await world.person()
    for query in _INTROSPECTION:
        told = (await _ask(stranger, f"Bearer {person.token}", query)).json()
        assert "authentication" not in told.get("extensions", {})


def test_what_answers_everybody_is_tried_here() -> None:
    marked = {
        name
        for root in (SCHEMA.query_type, SCHEMA.mutation_type)
        if root is not None
        for name, field in root.fields.items()
        if any(isinstance(mark, Anonymous) for mark in directives_of(field))
    }
    assert marked == set(_FOR_EVERYBODY)


@pytest.mark.parametrize("path", ["/recipients?accountId=acct_1", "/invoices/invc_1.pdf"])
async def test_files_are_nobodys(app: Starlette, path: str) -> None:
    async with Api.of(app) as api:
        headers = {"Authorization": f"Bearer mds_{secrets.token_hex(8)}", "Content-Type": "text/plain"}
        method = "POST" if path.startswith("/recipients") else "GET"
        response = await api.http.request(method, path, headers=headers)
        assert response.status_code == 401


async def test_two_tokens_are_none(api: Api, world: World) -> None:
    """Another server in between might go by the other one."""
    person = await world.person()
    sent = [("authorization", f"Bearer {person.token}"), ("authorization", f"Bearer {person.token}")]
    answer = await api.http.post("/graphql", json={"query": "{ viewer { id } }"}, headers=sent)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
