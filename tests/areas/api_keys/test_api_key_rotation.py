"""Rotating a key with an overlap: both secrets work until it ends."""

import datetime

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from tests.areas.api_keys.key_uses import last_use
from tests.areas.effects.log import last_event
from tests.authz.cases.moments import expire_key, expire_member, made_by
from tests.client.api import Api
from tests.client.mutations import Token, attempt, code_of, done
from tests.world.world import ApiKey, World

_KEY = "secret apiKey { id lastFour previousSecretExpiresAt version }"
_WHO = "{ viewer { apiKey { id } } }"
_USED = "query ($id: ID!) { node(id: $id) { ... on ApiKey { lastUsedAt previousSecretExpiresAt } } }"


async def _works(api: Api, *secrets: str) -> list[bool]:
    answers = [await api.ask(_WHO, Token(secret)) for secret in secrets]
    assert {code for answer in answers for code in answer.codes} <= {"UNAUTHENTICATED"}
    return [answer.codes == [] for answer in answers]


async def _end_overlap(database: AsyncEngine, key: ApiKey) -> None:
    statement = update(api_keys).where(api_keys.c.id == key.key).values(previous_expires_at=func.now())
    async with database.begin() as connection:
        await connection.execute(statement)


async def test_the_old_secret_works_until_the_overlap_ends(
    api: Api, world: World, database: AsyncEngine
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    asked_at = datetime.datetime.now(datetime.UTC)
    rotated = await done(api, "apiKeyRotate", owner, _KEY, apiKeyId=key.id, overlapMinutes=10)
    ends = datetime.datetime.fromisoformat(rotated["apiKey"]["previousSecretExpiresAt"])
    assert abs(ends - asked_at - datetime.timedelta(minutes=10)) < datetime.timedelta(minutes=1)
    assert rotated["secret"].endswith(rotated["apiKey"]["lastFour"])
    assert rotated["apiKey"]["version"] == 2
    event = await last_event(api, owner, account.id)
    assert (event["type"], event["after"]) == ("API_KEY_ROTATED", {"overlap_minutes": 10})
    assert await _works(api, key.token, rotated["secret"]) == [True, True]
    await _end_overlap(database, key)
    assert await _works(api, key.token, rotated["secret"]) == [False, True]
    assert (await api.read(_USED, owner, id=key.id))["node"]["previousSecretExpiresAt"] is None


async def test_the_old_secret_counts_as_use(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    await done(api, "apiKeyRotate", owner, apiKeyId=key.id, overlapMinutes=10)
    assert (await api.read(_USED, owner, id=key.id))["node"]["lastUsedAt"] is None
    assert await _works(api, key.token) == [True]
    assert await last_use(api, owner, key.id)


@pytest.mark.parametrize("overlap", [0, 10])
async def test_rotating_again_ends_the_older_secret(api: Api, world: World, overlap: int) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    first = await done(api, "apiKeyRotate", owner, _KEY, apiKeyId=key.id, overlapMinutes=10)
    second = await done(api, "apiKeyRotate", owner, _KEY, apiKeyId=key.id, overlapMinutes=overlap)
    secrets = (key.token, first["secret"], second["secret"])
    assert await _works(api, *secrets) == [False, overlap > 0, True]
    assert (second["apiKey"]["previousSecretExpiresAt"] is None) == (overlap == 0)


async def test_a_key_that_rotates_itself_sees_what_it_did(api: Api, world: World) -> None:
    """Also where the secret that it asked with is over at once."""
    key = await world.api_key(await world.account())
    rotated = await done(api, "apiKeyRotate", key, _KEY, apiKeyId=key.id, overlapMinutes=1)
    assert rotated["apiKey"]["id"] == key.id
    assert await _works(api, key.token, rotated["secret"]) == [True, True]
    again = await done(api, "apiKeyRotate", Token(rotated["secret"]), _KEY, apiKeyId=key.id)
    assert again["apiKey"]["id"] == key.id
    assert await _works(api, key.token, rotated["secret"], again["secret"]) == [False, False, True]


async def test_revoking_ends_both_secrets(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    rotated = await done(api, "apiKeyRotate", owner, _KEY, apiKeyId=key.id, overlapMinutes=10)
    await done(api, "apiKeyRevoke", owner, apiKeyId=key.id)
    assert await _works(api, key.token, rotated["secret"]) == [False, False]


async def test_an_overlap_lasts_at_most_a_week(api: Api, world: World) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    key = await world.api_key(account)
    before = await world.state(account)
    for minutes in (-1, 10_081, -(2**31), 2**31 - 1):
        refused = await attempt(api, "apiKeyRotate", owner, "secret", apiKeyId=key.id, overlapMinutes=minutes)
        assert (refused.code, refused.payload["secret"]) == ("BAD_USER_INPUT", None)
        assert (refused.user_error or {})["field"] == ["input", "overlapMinutes"]
    assert await world.state(account) == before
    await done(api, "apiKeyRotate", owner, apiKeyId=key.id, overlapMinutes=10_080)


async def test_a_key_that_does_not_work_is_not_rotated(api: Api, world: World, database: AsyncEngine) -> None:
    """Its new secret would not work either: it is mended first. Nobody takes over what has expired."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    creator = await world.member(account, BuiltinRole.ADMINISTRATOR)
    expired, stopped = await world.api_key(account), await world.api_key(account)
    await expire_key(database, expired)
    await made_by(database, stopped, creator.person, WhenMakerLosesAccess.STOP)
    await expire_member(database, creator)
    before = await world.state(account)
    for field, key in (("apiKeyRotate", expired), ("apiKeyRotate", stopped), ("apiKeyAdopt", expired)):
        assert await code_of(api, field, owner, apiKeyId=key.id) == "FAILED_PRECONDITION"
    assert await world.state(account) == before
    await done(api, "apiKeyUpdate", owner, apiKeyId=expired.id, expectedVersion=1, expiresAt=None)
    await done(api, "apiKeyAdopt", owner, apiKeyId=stopped.id)
    for key in (expired, stopped):
        rotated = await done(api, "apiKeyRotate", owner, "secret", apiKeyId=key.id)
        assert await _works(api, rotated["secret"]) == [True]
