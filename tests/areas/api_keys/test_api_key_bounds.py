"""What a key is bound to when it is made: a stream (R7), and the addresses that it works from."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Attempt, Token, attempt, done
from tests.world.world import Account, Member, World

_KEY = "secret apiKey { id purpose ipRanges permissions whenMakerLosesAccess version }"
_WHO = "{ viewer { apiKey { id } } }"
_REFERENCE = "{ __schema { queryType { name } } viewer { apiKey { id } } }"

From = Callable[[str | None], Awaitable[Api]]


@pytest.fixture
async def at(app: Starlette) -> AsyncIterator[From]:
    """The API as asked from a network address; None: from a unix socket, which has none."""
    async with AsyncExitStack() as opened:

        async def api_at(address: str | None) -> Api:
            client = None if address is None else (address, 50_000)
            transport = httpx.ASGITransport(app, client=client)  # type: ignore[arg-type]  # ASGI allows None
            http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
            return Api(await opened.enter_async_context(http))

        yield api_at


async def _make(api: Api, owner: Member, account: Account, **values: object) -> Attempt:
    wanted = {"accountId": account.id, "name": "Key", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    return await attempt(api, "apiKeyCreate", owner, _KEY, **(wanted | values))


@pytest.mark.parametrize(
    ("purpose", "kept", "lost"),
    [
        ("MARKETING", "CAMPAIGNS_SEND", "TRANSACTIONAL_SEND"),
        ("TRANSACTIONAL", "TRANSACTIONAL_SEND", "CAMPAIGNS_SEND"),
    ],
)
async def test_a_key_of_one_stream_never_sends_in_the_other(
    api: Api, world: World, purpose: str, kept: str, lost: str
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    made = (await _make(api, owner, account, purpose=purpose)).payload
    key = made["apiKey"]
    assert key["purpose"] == purpose
    assert kept in key["permissions"]
    assert lost not in key["permissions"]
    query = "query ($id: ID!) { account(id: $id) { can: viewerCan(permission: %s) } }"
    caller = Token(made["secret"])
    assert (await api.read(query % kept, caller, id=account.id))["account"] == {"can": True}
    assert (await api.read(query % lost, caller, id=account.id))["account"] == {"can": False}
    before = await world.state(account)
    for refused in (
        await _make(api, owner, account, purpose=purpose, permissions=["ACCOUNT_READ", lost]),
        await attempt(
            api, "apiKeyUpdate", owner, apiKeyId=key["id"], expectedVersion=1, permissions=[kept, lost]
        ),
    ):
        assert refused.code == "BAD_USER_INPUT"
        assert (refused.user_error or {})["field"] == ["input", "permissions"]
    assert await world.state(account) == before


async def test_without_a_purpose_a_key_serves_both(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = (await _make(api, owner, account)).payload["apiKey"]
    assert (key["purpose"], key["ipRanges"], key["whenMakerLosesAccess"], key["version"]) == (
        None,
        [],
        "KEEP",
        1,
    )
    assert {"CAMPAIGNS_SEND", "TRANSACTIONAL_SEND"} <= set(key["permissions"])


INSIDE = {
    "192.0.2.0/24": ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"],
    "198.51.100.7": ["198.51.100.7", "::ffff:c633:6407"],
    "::ffff:203.0.113.0/120": ["203.0.113.9"],
    "2001:db8::/32": ["2001:db8::1", "2001:DB8:0:0:0:0:0:2"],
    "fe80::/10": ["fe80::1%eth0"],
}
OUTSIDE = ["192.0.3.0", "198.51.100.8", "2001:db9::1", "::1", "::c000:207", "unknown", None]


async def test_a_key_works_from_its_addresses_alone(api: Api, at: From, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    made = (await _make(api, owner, account, ipRanges=list(INSIDE))).payload
    assert made["apiKey"]["ipRanges"] == [
        "192.0.2.0/24",
        "198.51.100.7/32",
        "203.0.113.0/24",
        "2001:db8::/32",
        "fe80::/10",
    ]
    caller = Token(made["secret"])
    for address in [address for addresses in INSIDE.values() for address in addresses]:
        here = await at(address)
        for query in (_WHO, _REFERENCE):
            assert (await here.read(query, caller))["viewer"] == {"apiKey": {"id": made["apiKey"]["id"]}}
    changes = {"accountId": account.id, "expectedVersion": 1, "name": "Changed"}
    before = await world.state(account)
    for nowhere in OUTSIDE:
        there = await at(nowhere)
        for query in (_WHO, _REFERENCE):
            answer = await there.ask(query, caller)
            assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"]), nowhere
        assert (await attempt(there, "accountUpdate", caller, **changes)).code == "UNAUTHENTICATED"
    assert await world.state(account) == before
    assert (await attempt(await at("192.0.2.7"), "accountUpdate", caller, **changes)).done


async def test_a_key_without_addresses_works_from_anywhere(at: From, world: World) -> None:
    key = await world.api_key(await world.account())
    for address in ("192.0.2.1", "2001:db8::1", "unknown", None):
        assert (await (await at(address)).ask(_WHO, key)).status == 200


async def test_ranges_are_kept_once_and_logged(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    ranges = ["2001:DB8:0::/48", "2001:db8::/48", "0.0.0.0/0", "::/0"]
    made = await _make(api, owner, account, ipRanges=ranges, purpose="MARKETING", whenMakerLosesAccess="STOP")
    shown = ["2001:db8::/48", "0.0.0.0/0", "::/0"]
    assert made.payload["apiKey"]["ipRanges"] == shown
    assert (await last_event(api, owner, account.id))["after"] == {
        "name": "Key",
        "role": "ADMINISTRATOR",
        "purpose": "MARKETING",
        "ip_ranges": shown,
        "when_maker_loses_access": "STOP",
    }


NO_RANGES = [
    "",
    " ",
    "192.0.2.1/24",
    "192.0.2.0/33",
    "192.0.2.0/-1",
    "192.0.2.0/",
    "192.0.2.0/255.255.255.0",
    "192.0.2.0/0.0.0.255",
    "192.0.2.0/²4",
    "192.0.2.0/24/24",
    " 192.0.2.0/24",
    "192.0.2.0/24\n",
    "192.0.2",
    "192.0.02.1",
    "192.0.2.256",
    "3221225985",
    "example.com",
    "2001:db8::1/32",
    "2001:db8::/129",
    "2001:db8::%eth0/32",
    "::ffff:192.0.2.1/120",
    "[2001:db8::]/32",
    "\N{GRINNING FACE}",
    "1" * 10_000,
]


@pytest.mark.parametrize("text", NO_RANGES, ids=lambda text: text[:20])
async def test_what_is_no_range_is_refused(api: Api, world: World, text: str) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    before = await world.state(account)
    for refused, index in (
        (await _make(api, owner, account, ipRanges=["192.0.2.0/24", text]), 1),
        (await attempt(api, "apiKeyUpdate", owner, apiKeyId=key.id, expectedVersion=1, ipRanges=[text]), 0),
    ):
        assert refused.code == "BAD_USER_INPUT"
        assert (refused.user_error or {})["field"] == ["input", "ipRanges", str(index)]
    assert await world.state(account) == before


async def test_fifty_ranges_are_enough(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    ranges = [f"192.0.2.{number}" for number in range(51)]
    before = await world.state(account)
    assert (await _make(api, owner, account, ipRanges=ranges)).code == "BAD_USER_INPUT"
    assert await world.state(account) == before
    made = await done(
        api,
        "apiKeyCreate",
        owner,
        _KEY,
        accountId=account.id,
        name="Key",
        roleId=ROLE_IDS[BuiltinRole.ANALYST],
        ipRanges=ranges[1:],
    )
    assert len(made["apiKey"]["ipRanges"]) == 50
