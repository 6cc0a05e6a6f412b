"""Changing a key that exists: felt by its next request, logged, and by nobody who could not make it."""

import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.effects.log import events_of, last_event
from tests.authz.cases.moments import expire_key
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, attempt, code_of, done
from tests.world.world import World

_KEY = "secret apiKey { name permissions ipRanges expiresAt version }"
_WHO = "{ viewer { apiKey { id } } }"


async def test_each_setting_changes_and_the_others_stay(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    role = {"roleId": ROLE_IDS[BuiltinRole.FINANCE], "permissions": ["ACCOUNT_READ", "CREDIT_READ"]}
    made = await done(api, "apiKeyCreate", owner, "apiKey { id }", accountId=account.id, name="Old", **role)
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    changes: list[dict[str, object]] = [
        {"name": " New "},
        {"permissions": ["ACCOUNT_READ", "PLAN_READ"]},
        {"ipRanges": ["192.0.2.0/24"]},
        {"expiresAt": end.isoformat()},
        {"expiresAt": None, "ipRanges": []},
    ]
    seen = []
    for version, change in enumerate(changes, 1):
        target = {"apiKeyId": made["apiKey"]["id"], "expectedVersion": version}
        updated = await done(api, "apiKeyUpdate", owner, _KEY, **target, **change)
        assert updated["secret"] is None
        seen.append(updated["apiKey"])
    key = {
        "name": "New",
        "permissions": ["ACCOUNT_READ", "CREDIT_READ"],
        "ipRanges": [],
        "expiresAt": None,
        "version": 2,
    }
    assert seen[0] == key
    assert seen[1] == key | {"permissions": ["ACCOUNT_READ", "PLAN_READ"], "version": 3}
    assert seen[2] == seen[1] | {"ipRanges": ["192.0.2.0/24"], "version": 4}
    assert datetime.datetime.fromisoformat(seen[3]["expiresAt"]) == end
    assert seen[4] == seen[1] | {"version": 6}
    events = await events_of(api, owner, account.id, "API_KEY_UPDATED")
    assert [(event["before"], event["after"]) for event in reversed(events)] == [
        ({"name": "Old"}, {"name": "New"}),
        (
            {"permissions": ["ACCOUNT_READ", "CREDIT_READ"]},
            {"permissions": ["ACCOUNT_READ", "PLAN_READ"]},
        ),
        ({"ip_ranges": []}, {"ip_ranges": ["192.0.2.0/24"]}),
        ({"expires_at": None}, {"expires_at": end.isoformat()}),
        (
            {"ip_ranges": ["192.0.2.0/24"], "expires_at": end.isoformat()},
            {"ip_ranges": [], "expires_at": None},
        ),
    ]


async def test_the_next_request_feels_it(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    target = {"apiKeyId": key.id, "expectedVersion": 1}
    await done(api, "apiKeyUpdate", owner, **target, permissions=["ACCOUNT_READ"])
    seen = await api.read(query, key, id=account.id)
    assert seen["account"]["viewerPermissions"] == ["ACCOUNT_READ"]
    await done(api, "apiKeyUpdate", owner, apiKeyId=key.id, expectedVersion=2, ipRanges=["192.0.2.0/24"])
    assert (await api.ask(_WHO, key)).codes == ["UNAUTHENTICATED"]


async def test_what_changes_nothing_leaves_no_trace(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    values = {"name": "Same", "ipRanges": ["2001:db8::/32"]}
    await done(api, "apiKeyUpdate", owner, apiKeyId=key.id, expectedVersion=1, **values)
    before = await world.state(account)
    await done(api, "apiKeyUpdate", owner, apiKeyId=key.id, expectedVersion=2, **values)
    assert await world.state(account) == before


async def test_what_is_refused(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    developer = await world.member(account, BuiltinRole.DEVELOPER)
    key = await world.api_key(account)
    finance = await world.api_key(account, BuiltinRole.FINANCE)
    revoked = await world.api_key(account)
    await done(api, "apiKeyRevoke", owner, apiKeyId=revoked.id)
    target = {"apiKeyId": key.id, "expectedVersion": 1}
    before = await world.state(account)
    # Whoever knows the secret would gain by what is loosened, so that even a name is not theirs to change.
    assert await code_of(api, "apiKeyUpdate", developer, **target, name="Mine") == "ROLE_TOO_WIDE"
    assert await code_of(api, "apiKeyUpdate", owner, **target, name=" ") == "BAD_USER_INPUT"
    past = "2020-01-01T00:00:00+00:00"
    assert await code_of(api, "apiKeyUpdate", owner, **target, expiresAt=past) == "BAD_USER_INPUT"
    foreign = {"apiKeyId": finance.id, "expectedVersion": 1, "permissions": ["MEMBERS_WRITE"]}
    assert await code_of(api, "apiKeyUpdate", owner, **foreign) == "BAD_USER_INPUT"
    gone = {"apiKeyId": revoked.id, "expectedVersion": 2, "name": "Back"}
    assert await code_of(api, "apiKeyUpdate", owner, **gone) == "FAILED_PRECONDITION"
    assert await code_of(api, "apiKeyAdopt", owner, apiKeyId=revoked.id) == "FAILED_PRECONDITION"
    stale = await attempt(api, "apiKeyUpdate", owner, apiKeyId=key.id, expectedVersion=7, name="New")
    assert (stale.user_error or {})["currentVersion"] == 1
    assert await world.state(account) == before


async def test_an_expired_key_can_be_given_more_time(api: Api, world: World, database: AsyncEngine) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    await expire_key(database, key)
    assert (await api.ask(_WHO, key)).codes == ["UNAUTHENTICATED"]
    await done(api, "apiKeyUpdate", owner, apiKeyId=key.id, expectedVersion=1, expiresAt=None)
    assert (await api.ask(_WHO, key)).status == 200
    assert (await last_event(api, owner, account.id))["after"] == {"expires_at": None}
