"""What makes narrowed tokens and what ends them, drawn, for tests of the past."""

import enum
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import delete, func, update

from authz.callers.tokens import digest_of
from authz.policy.permissions import GIVES_ACCESS
from models.base.ids import Kind, parse
from models.narrowed_tokens.tables import narrowed_tokens
from models.people.sessions import sessions
from tests.areas.narrowed_tokens.narrowing import MADE, Narrowed, wanted
from tests.authz.cases.moments import expire_key, expire_session, open_session, revoke_key
from tests.client.api import Api, Caller
from tests.client.mutations import attempt
from tests.world.world import Account, ApiKey, Member, Person, World

_GIVES_ACCESS = {permission.name for permission in GIVES_ACCESS}


class Doing(enum.Enum):
    """What becomes of tokens, or of what they were made of."""

    NARROW = "a person or a key makes one"
    NARROW_AGAIN = "a token makes one"
    REVOKE = "one is revoked"
    EXPIRE = "one ends"
    PRUNE = "a worker deletes one that has ended"
    SIGN_OUT = "a session is deleted"
    END_SESSION = "a session ends"
    ROTATE = "a key gets another secret"
    ROTATE_WITH_OVERLAP = "and the one before works for a while"
    REVOKE_KEY = "a key is revoked"
    EXPIRE_KEY = "a key ends"


_OFTEN = [
    *[Doing.NARROW] * 5,
    *[Doing.NARROW_AGAIN] * 2,
    *[Doing.SIGN_OUT, Doing.END_SESSION, Doing.ROTATE] * 2,
]
DOINGS = st.tuples(st.sampled_from([*_OFTEN, *Doing]), st.integers(0, 11))


@dataclass
class Tokens:
    """Those of some people and keys in a tree, whose owner manages its keys."""

    api: Api
    world: World
    tree: list[Account]
    owner: Member
    people: list[Person]
    keys: list[ApiKey]
    made: list[Narrowed] = field(default_factory=list)

    async def do(self, doing: Doing, number: int) -> None:
        """As far as it can be done. The number chooses among what there is."""
        match doing:
            case Doing.NARROW:
                callers: list[Caller] = [*self.people, *self.keys]
                await self._narrow(callers[number % len(callers)], number)
            case Doing.NARROW_AGAIN | Doing.REVOKE | Doing.EXPIRE | Doing.PRUNE:
                if self.made:
                    await self._do_with(self.made[number % len(self.made)], doing, number)
            case Doing.SIGN_OUT | Doing.END_SESSION:
                if self.people:
                    await self._end_session(doing, number % len(self.people))
            case _:
                if self.keys:
                    await self._end_secret(doing, number % len(self.keys))

    async def _narrow(self, caller: Caller, number: int) -> None:
        """With all that it has in an account that it reaches, or a part of that."""
        first = number % len(self.tree)
        for account in (*self.tree[first:], *self.tree[:first]):
            query = "query ($id: ID!) { account(id: $id) { viewerPermissions } }"
            answer = await self.api.ask(query, caller, id=account.id)
            found = (answer.data or {}).get("account") or {"viewerPermissions": []}
            held = [name for name in found["viewerPermissions"] if name not in _GIVES_ACCESS]
            made = await attempt(
                self.api, "tokenNarrow", caller, MADE, **wanted([account], held[number % 3 :])
            )
            if made.done:
                self.made.append(Narrowed(made.payload["token"], made.payload["narrowedToken"]["id"]))
                return

    async def _do_with(self, token: Narrowed, doing: Doing, number: int) -> None:
        mine = narrowed_tokens.c.id == parse(Kind.NARROWED_TOKEN, token.id)
        ended = update(narrowed_tokens).where(mine).values(expires_at=func.now())
        if doing is Doing.NARROW_AGAIN:
            await self._narrow(token, number)
        elif doing is Doing.REVOKE:
            await attempt(self.api, "tokenRevoke", token, narrowedTokenId=token.id)
        elif doing is Doing.EXPIRE:
            await self._write(ended)
        else:
            await self._write(ended)
            await self._write(delete(narrowed_tokens).where(mine))
            self.made.remove(token)

    async def _end_session(self, doing: Doing, number: int) -> None:
        """The person signs in again."""
        person = self.people[number]
        if doing is Doing.SIGN_OUT:
            await self._write(delete(sessions).where(sessions.c.digest == digest_of(person.token)))
        else:
            await expire_session(self.world.database, person)
        self.people[number] = replace(person, token=await open_session(self.world.database, person))

    async def _end_secret(self, doing: Doing, number: int) -> None:
        key = self.keys[number]
        if doing is Doing.REVOKE_KEY:
            await revoke_key(self.world.database, key)
        elif doing is Doing.EXPIRE_KEY:
            await expire_key(self.world.database, key)
        else:
            overlap = {"overlapMinutes": 10} if doing is Doing.ROTATE_WITH_OVERLAP else {}
            rotated = await attempt(self.api, "apiKeyRotate", self.owner, "token", apiKeyId=key.id, **overlap)
            if rotated.done:
                self.keys[number] = replace(key, token=rotated.payload["token"])

    async def _write(self, statement: Any) -> None:
        async with self.world.database.begin() as connection:
            await connection.execute(statement)
