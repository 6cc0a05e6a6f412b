"""Requests to what customers have typed go to public addresses alone, unless the deployment allows others."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from resolvers.single_sign_on.outgoing import NotAnsweredError, OutgoingRequests
from tests.areas.single_sign_on.company import CHALLENGE, failure_in
from tests.areas.single_sign_on.provider import Provider
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.world import World


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1",
        "https://localhost",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[2002:7f00:1::]",
        "https://10.0.0.1",
        "https://192.168.1.1:8443/x",
        "https://169.254.169.254",
        "https://[fe80::1]",
        "https://[fd00::1]",
        "https://0.0.0.0",
        "https://2130706433",
        "https://224.0.0.1",
    ],
)
async def test_private_addresses_are_not_asked(address: str) -> None:
    with pytest.raises(NotAnsweredError, match="no public address"):
        await OutgoingRequests().get(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "ftp://example.com",
        "https://",
        "https://me@example.com",
        "//x",
        "x",
    ],
)
async def test_other_forms_of_addresses_are_not_allowed(address: str) -> None:
    assert not OutgoingRequests().allows(address)
    with pytest.raises(NotAnsweredError, match="not allowed"):
        await OutgoingRequests().get(address)


async def test_what_is_no_answer_is_none(issuer: Provider) -> None:
    """A page instead of JSON, and a redirect, which is not followed."""
    requests = OutgoingRequests(private_addresses=True)
    with pytest.raises(NotAnsweredError):
        await requests.get(f"{issuer.url}/")
    with pytest.raises(NotAnsweredError):
        await requests.get("http://127.0.0.1:1")
    assert (await requests.get(f"{issuer.url}/jwks")).status == 200


async def test_by_default_no_issuer_is_private(api: Api, world: World) -> None:
    account = await world.account(name="Company")
    owner = await world.member(account, BuiltinRole.OWNER)
    given = {"accountId": account.id, "expectedVersion": 1, "clientId": "mandant"}
    refused = await code_of(api, "singleSignOnUpdate", owner, **given, issuer="http://127.0.0.1:9")
    assert refused == "BAD_USER_INPUT"
    await done(api, "singleSignOnUpdate", owner, **given, issuer="https://localhost")
    asked = {"account": account.id, "challenge": CHALLENGE}
    answer = await api.http.get("/sso/start", params=asked)
    assert (answer.status_code, failure_in(answer)) == (502, "UNAVAILABLE")
