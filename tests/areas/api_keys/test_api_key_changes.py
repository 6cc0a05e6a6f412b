"""Making, rotating and revoking API keys (R15): each felt by the next request."""

import datetime

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from tests.areas.api_keys.key_uses import last_use
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, attempt, code_of, done
from tests.world.world import World

_KEY = (
    "secret apiKey { id name lastFour role { name } permissions account { id } createdBy { id } "
    "expiresAt lastUsedAt revokedAt }"
)
_OF_ADMINISTRATORS = frozenset(Permission) - {
    Permission.ACCOUNT_SUSPEND,
    Permission.ACCOUNT_CLOSE,
    Permission.ACCOUNT_TRANSFER,
}
_WHO = "{ viewer { apiKey { id name } } }"


async def _codes(api: Api, secret: str) -> list[str]:
    return (await api.ask(_WHO, Token(secret))).codes


async def test_a_key_acts_as_its_role_says_from_the_start(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    made = await done(
        api,
        "apiKeyCreate",
        owner,
        _KEY,
        accountId=account.id,
        name=" Newsletter ",
        roleId=ROLE_IDS[BuiltinRole.MARKETER],
        expiresAt=end.isoformat(),
    )
    key = made["apiKey"]
    assert (key["name"], key["role"], key["account"]) == (
        "Newsletter",
        {"name": "MARKETER"},
        {"id": account.id},
    )
    assert made["secret"].endswith(key["lastFour"])
    assert key["createdBy"] == {"id": owner.person.id}
    assert datetime.datetime.fromisoformat(key["expiresAt"]) == end
    assert "CAMPAIGNS_SEND" in key["permissions"]
    assert "MEMBERS_READ" not in key["permissions"]
    assert key["lastUsedAt"] is None
    viewer = (await api.read(_WHO, Token(made["secret"])))["viewer"]
    assert viewer["apiKey"] == {"id": key["id"], "name": "Newsletter"}
    minute = datetime.datetime.fromisoformat(await last_use(api, owner, key["id"]))
    assert datetime.datetime.now(datetime.UTC) - minute < datetime.timedelta(minutes=2)


async def test_permissions_narrow_the_role_and_never_widen_it(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    wanted = {"accountId": account.id, "name": "Narrow", "roleId": ROLE_IDS[BuiltinRole.FINANCE]}
    narrow = await done(
        api, "apiKeyCreate", owner, _KEY, **wanted, permissions=["ACCOUNT_READ", "CREDIT_READ"]
    )
    wide = await attempt(
        api, "apiKeyCreate", owner, _KEY, **wanted, permissions=["ACCOUNT_READ", "MEMBERS_WRITE"]
    )
    assert narrow["apiKey"]["permissions"] == ["ACCOUNT_READ", "CREDIT_READ"]
    if wide.done:
        assert wide.payload["apiKey"]["permissions"] == ["ACCOUNT_READ"]
    else:
        assert wide.code in {"BAD_USER_INPUT", "ROLE_TOO_WIDE"}
    query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    seen = await api.read(query, Token(narrow["secret"]), id=account.id)
    assert seen["account"]["viewerPermissions"] == ["ACCOUNT_READ", "CREDIT_READ"]


async def test_a_key_for_one_thing_reaches_the_account_too(api: Api, world: World) -> None:
    """Whatever the one permission is: without ACCOUNT_READ the account is NOT_FOUND to it."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    wanted = {"accountId": account.id, "name": "Narrow", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
    for permission in sorted(_OF_ADMINISTRATORS - {Permission.ACCOUNT_READ}, key=lambda one: one.value):
        key = await done(api, "apiKeyCreate", owner, _KEY, **wanted, permissions=[permission.name])
        both = ["ACCOUNT_READ", permission.name]
        assert key["apiKey"]["permissions"] == both
        seen = await api.read(query, Token(key["secret"]), id=account.id)
        assert seen["account"]["viewerPermissions"] == both
    # The last one again, with an update, and with what only the mutation itself needs.
    target = {"apiKeyId": key["apiKey"]["id"], "expectedVersion": 1, "permissions": ["CONTACTS_WRITE"]}
    updated = await done(api, "apiKeyUpdate", owner, _KEY, **target)
    assert updated["apiKey"]["permissions"] == ["ACCOUNT_READ", "CONTACTS_WRITE"]
    upserted = await done(
        api,
        "contactUpsert",
        Token(key["secret"]),
        "account { name } results { outcome contactId }",
        accountId=account.id,
        contacts=[{"email": "ann@example.com"}],
        source="a program",
    )
    (result,) = upserted["results"]
    assert result["outcome"] == "CREATED"
    assert result["contactId"] is not None


async def test_no_permissions_are_no_key(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    wanted = {"accountId": account.id, "name": "Narrow", "roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
    key = await done(api, "apiKeyCreate", owner, _KEY, **wanted, permissions=["CREDIT_READ"])
    target = {"apiKeyId": key["apiKey"]["id"], "expectedVersion": 1}
    before = await world.state(account)
    for name, values in (("apiKeyCreate", wanted), ("apiKeyUpdate", target)):
        refused = await attempt(api, name, owner, **values, permissions=[])
        assert (refused.code, refused.named) == ("BAD_USER_INPUT", "permissions")
    assert await world.state(account) == before


async def test_a_rotated_key_has_a_new_secret_and_the_same_rights(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account, BuiltinRole.DEVELOPER)
    assert await _codes(api, key.token) == []
    rotated = await done(api, "apiKeyRotate", owner, _KEY, apiKeyId=key.id)
    assert rotated["apiKey"]["id"] == key.id
    assert rotated["secret"] != key.token
    assert rotated["secret"].endswith(rotated["apiKey"]["lastFour"])
    assert await _codes(api, key.token) == ["UNAUTHENTICATED"]
    viewer = (await api.read(_WHO, Token(rotated["secret"])))["viewer"]
    assert viewer["apiKey"]["id"] == key.id


async def test_a_revoked_key_stops_at_once_and_for_good(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    assert await _codes(api, key.token) == []
    revoked = await done(api, "apiKeyRevoke", owner, _KEY, apiKeyId=key.id)
    assert revoked["apiKey"]["revokedAt"] is not None
    assert revoked["secret"] is None
    assert await _codes(api, key.token) == ["UNAUTHENTICATED"]
    before = await world.state(account)
    again = await done(api, "apiKeyRevoke", owner, _KEY, apiKeyId=key.id)
    assert again["apiKey"]["revokedAt"] == revoked["apiKey"]["revokedAt"]
    refused = await attempt(api, "apiKeyRotate", owner, _KEY, apiKeyId=key.id)
    assert (refused.code, refused.payload["secret"]) == ("FAILED_PRECONDITION", None)
    assert await world.state(account) == before
    lists = await api.read(
        "query ($id: ID!) { account(id: $id) { working: apiKeys { totalCount } "
        "all: apiKeys(includeRevoked: true) { nodes { id } } } }",
        owner,
        id=account.id,
    )
    assert lists["account"] == {"working": {"totalCount": 0}, "all": {"nodes": [{"id": key.id}]}}


async def test_the_log_names_the_key_and_never_its_secret(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    wanted = {"accountId": account.id, "name": "Importer", "roleId": ROLE_IDS[BuiltinRole.DEVELOPER]}
    made = await done(api, "apiKeyCreate", owner, _KEY, **wanted)
    rotated = await done(api, "apiKeyRotate", owner, _KEY, apiKeyId=made["apiKey"]["id"])
    await done(api, "apiKeyRevoke", owner, apiKeyId=made["apiKey"]["id"])
    events = await events_of(api, owner, account.id)
    assert [(event["type"], event["before"], event["after"]) for event in events] == [
        ("API_KEY_REVOKED", {"name": "Importer"}, None),
        ("API_KEY_ROTATED", {"name": "Importer"}, None),
        ("API_KEY_CREATED", None, {"name": "Importer", "role": "DEVELOPER"}),
    ]
    assert {event["subjectId"] for event in events} == {made["apiKey"]["id"]}
    assert made["secret"] not in str(events)
    assert rotated["secret"] not in str(events)


async def test_a_key_never_owns(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    wanted = {"accountId": account.id, "name": "King", "roleId": ROLE_IDS[BuiltinRole.OWNER]}
    assert await code_of(api, "apiKeyCreate", owner, **wanted) == "BAD_USER_INPUT"
