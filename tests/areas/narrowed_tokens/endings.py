"""What ends narrowed tokens with what they were made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from models.api_keys.tables import WhenMakerLosesAccess
from tests.authz.cases.moments import expire_key, expire_session, made_by
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.world.world import Account, ApiKey, Member, World

NOT_ACCEPTED = ["401 UNAUTHENTICATED"] * 4
WORKS = [DONE, DONE, "CONFLICT", "CONFLICT"]
"""It reads, and gets as far as the version, which is never right."""


@dataclass(frozen=True)
class Scene:
    """Two processes on one database; an account with an owner, an administrator and a key."""

    first: Api
    second: Api
    world: World
    account: Account
    owner: Member
    member: Member
    key: ApiKey

    async def outcomes(self, caller: Caller) -> list[str]:
        """What becomes of reading the account and of changing it, in each process."""
        query = "query ($id: ID!) { account(id: $id) { name } }"
        values = {"accountId": self.account.id, "expectedVersion": -1}
        reads = [await api.ask(query, caller, id=self.account.id) for api in (self.first, self.second)]
        writes = [await mutate(api, "accountUpdate", caller, values) for api in (self.second, self.first)]
        return [outcome(each, "account") for each in reads] + [
            outcome(each, "accountUpdate") for each in writes
        ]


async def sign_out(scene: Scene) -> None:
    """The member signs out."""
    await scene.first.read("mutation { signOut { userErrors { code } } }", scene.member)


async def session_ends(scene: Scene) -> None:
    """The member's session ends by itself."""
    await expire_session(scene.world.database, scene.member.person)


async def key_revoked(scene: Scene) -> None:
    """The key is revoked."""
    await done(scene.first, "apiKeyRevoke", scene.owner, apiKeyId=scene.key.id)


async def key_rotated(scene: Scene) -> None:
    """The key gets another secret at once."""
    await done(scene.first, "apiKeyRotate", scene.owner, apiKeyId=scene.key.id)


async def key_ends(scene: Scene) -> None:
    """The key ends by itself."""
    await expire_key(scene.world.database, scene.key)


async def key_stops(scene: Scene) -> None:
    """The key stops with its maker."""
    stop = WhenMakerLosesAccess.STOP
    await made_by(scene.world.database, scene.key, scene.member.person, stop)
    await done(scene.first, "memberRemove", scene.owner, memberId=scene.member.id)


async def bound_elsewhere(scene: Scene) -> None:
    """The key works from other addresses alone."""
    bound = {"apiKeyId": scene.key.id, "ipRanges": ["192.0.2.0/24"], "expectedVersion": 1}
    await done(scene.first, "apiKeyUpdate", scene.owner, **bound)


Ending = Callable[[Scene], Awaitable[None]]
