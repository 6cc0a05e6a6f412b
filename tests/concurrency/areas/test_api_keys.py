"""Keys that are rotated, revoked and used at once."""

import asyncio

from authz.policy.builtin_roles import BuiltinRole
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, Token, attempt, done
from tests.concurrency.outcomes import ROUNDS, at_once
from tests.world.world import World


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


async def test_rotated_twice_with_an_overlap_two_secrets_are_left(api: Api, world: World) -> None:
    """The last one and the one before it."""
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        key = await world.api_key(account)
        values = {"apiKeyId": key.id, "overlapMinutes": 5}
        attempts = await at_once(*[attempt(api, "apiKeyRotate", owner, "secret", **values) for _ in range(3)])
        assert all(found.done for found in attempts)
        secrets = [found.payload["secret"] for found in attempts]
        assert not await _works(api, key.token)
        assert sum([await _works(api, secret) for secret in secrets]) == 2


async def test_adopted_and_revoked_it_is_revoked(api: Api, world: World) -> None:
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        adopter = await world.member(account, BuiltinRole.ADMINISTRATOR)
        key = await world.api_key(account)
        adopted, revoked = await at_once(
            attempt(api, "apiKeyAdopt", adopter, apiKeyId=key.id),
            attempt(api, "apiKeyRevoke", owner, apiKeyId=key.id),
        )
        assert revoked.done
        assert adopted.code in {"", "FAILED_PRECONDITION"}
        assert not await _works(api, key.token)


async def test_adopted_by_who_is_removed_the_key_has_stopped(api: Api, world: World) -> None:
    """Whichever comes first: a key that may stop does not outlive its adopter."""
    for _ in range(ROUNDS):
        account = await world.account()
        owner = await world.member(account, BuiltinRole.OWNER)
        creator = await world.member(account, BuiltinRole.ADMINISTRATOR)
        adopter = await world.member(account, BuiltinRole.ADMINISTRATOR)
        values = {"accountId": account.id, "name": "Key", "whenMakerLosesAccess": "STOP"}
        role = {"roleId": ROLE_IDS[BuiltinRole.ADMINISTRATOR]}
        made = await done(api, "apiKeyCreate", creator, "secret apiKey { id }", **values, **role)
        await done(api, "memberRemove", owner, memberId=creator.id)
        adopted, removed = await at_once(
            attempt(api, "apiKeyAdopt", adopter, apiKeyId=made["apiKey"]["id"]),
            attempt(api, "memberRemove", owner, memberId=adopter.id),
        )
        assert removed.done
        assert adopted.code in {"", "NOT_FOUND"}
        assert not await _works(api, made["secret"])


async def test_made_while_keys_become_the_masters_it_is_made_or_refused(api: Api, world: World) -> None:
    """R13: what is done after the setting is refused; a key that was made was made before."""
    for _ in range(ROUNDS):
        master = await world.account()
        branch = await world.account(master)
        owner = await world.member(master, BuiltinRole.OWNER)
        below = await world.member(branch, BuiltinRole.ADMINISTRATOR)
        values = {"accountId": branch.id, "name": "Key", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
        setting = {"accountId": master.id, "expectedVersion": 1, "apiKeyCreation": "MASTER_ONLY"}
        made, changed = await at_once(
            attempt(api, "apiKeyCreate", below, **values), attempt(api, "accountUpdate", owner, **setting)
        )
        assert changed.done
        assert made.code in {"", "MASTER_ACCOUNT_REQUIRED"}
        assert (await attempt(api, "apiKeyCreate", below, **values)).code == "MASTER_ACCOUNT_REQUIRED"
