"""Keys that are rotated, revoked and used at once."""

import asyncio

from authz.builtin_roles import BuiltinRole
from tests.api import Api
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.resolvers.mutations import Token, attempt
from tests.world import World


async def _works(api: Api, secret: str) -> bool:
    answer = await api.ask("{ viewer { id } }", Token(secret))
    assert answer.codes in ([], ["UNAUTHENTICATED"])
    return answer.codes == []


async def test_rotated_and_revoked_it_is_revoked(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        key = await world.api_key(account)
        rotated, revoked = await at_once(
            attempt(api, "apiKeyRotate", owner, "secret", apiKeyId=key.id),
            attempt(api, "apiKeyRevoke", owner, apiKeyId=key.id),
        )
        assert revoked.done
        assert rotated.code in {"", "FAILED_PRECONDITION"}
        secrets = [key.token, rotated.payload["secret"]] if rotated.done else [key.token]
        assert [await _works(api, secret) for secret in secrets] == [False] * len(secrets)


async def test_rotated_twice_one_secret_is_left(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        key = await world.api_key(account)
        attempts = await at_once(
            *[attempt(api, "apiKeyRotate", owner, "secret", apiKeyId=key.id) for _ in range(3)]
        )
        assert all(found.done for found in attempts)
        secrets = [key.token, *(found.payload["secret"] for found in attempts)]
        assert sum([await _works(api, secret) for secret in secrets]) == 1


async def test_used_while_it_is_rotated_it_works_or_it_does_not(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        key = await world.api_key(account)
        uses = asyncio.gather(*[_works(api, key.token) for _ in range(4)])
        rotated = await attempt(api, "apiKeyRotate", owner, "secret", apiKeyId=key.id)
        await uses
        assert not await _works(api, key.token)
        assert await _works(api, rotated.payload["secret"])
