"""The caller that a request is counted against, so that the many requests of one do not delay others.

A token is unproven until the database has accepted it: a client that makes up tokens would be a new principal
each time. So a principal is a token that was accepted before. Until then a request counts for its network
address alone.

All sessions of a person count for the person, and a narrowed token for whom it was made of: neither signing
in again nor narrowing gains a further share.
"""

import asyncio
from collections import OrderedDict
from contextvars import Context
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import LargeBinary, bindparam, func, select
from sqlalchemy.dialects.postgresql import array

from authz.callers.principals import DIGEST_NAME, Credentials, PrincipalKind
from authz.callers.tokens import Digest
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from engine.base.preamble import behind
from engine.compiled.sql_text import prepared
from engine.database.pool import Pool
from models.narrowed_tokens.tables import narrowed_tokens
from resolvers.effects.attempts import place_of
from server.failures.errors import failure_of
from server.fairness.gate import Caller, Side

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST = 10_000
"""Principals that are known at once; each takes about 200 bytes."""

_PERSON_OR_KEY = select(
    array([func.coalesce(PRINCIPAL.c.actor_user_id, PRINCIPAL.c.actor_api_key_id), PRINCIPAL.c.master_id])
)
_MAKER = func.coalesce(narrowed_tokens.c.user_id, narrowed_tokens.c.api_key_id)
_MAKER_OF_A_TOKEN = select(array([_MAKER, narrowed_tokens.c.api_key_master_id])).where(
    narrowed_tokens.c.digest == bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
)
_LOOK_UPS = {
    PrincipalKind.PERSON: prepared(_PERSON_OR_KEY, PrincipalKind.PERSON),
    PrincipalKind.API_KEY: prepared(behind(entering(), _PERSON_OR_KEY), PrincipalKind.API_KEY),
    PrincipalKind.NARROWED_TOKEN: prepared(_MAKER_OF_A_TOKEN),
}
"""The person or the key that a token counts for, and a key's tree."""


class _Known(NamedTuple):
    """An accepted token: the person or the key that it counts for, and the tree of an API key. None: not
    known yet."""

    principal: UUID | Digest | None
    tree: UUID | None = None


class Callers:
    """Knows the tokens that were answered lately, whom they count for, and the tree of an API key."""

    def __init__(self, primary: Pool) -> None:
        self._primary = primary
        self._known: OrderedDict[Digest, _Known] = OrderedDict()
        self._looking: dict[Digest, asyncio.Task[None]] = {}

    def caller(self, credentials: Credentials | None, client_address: str) -> Caller:
        """The caller. `client_address`: as the transport has it."""
        place = (Side.PLACE, place_of(client_address))
        known = None if credentials is None else self._known.get(credentials.digest)
        if known is None or known.principal is None:
            return (place,)
        principal = (Side.PRINCIPAL, known.principal)
        return (principal, place) if known.tree is None else (principal, (Side.TREE, known.tree), place)

    def note(self, credentials: Credentials) -> None:
        """The database accepted the token."""
        if credentials.digest in self._known:
            self._known.move_to_end(credentials.digest)
            return
        self._known[credentials.digest] = _unproven(credentials)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        # Not in the request's name: it does not wait for this.
        task = asyncio.create_task(self._look_up(credentials), context=Context())
        self._looking[credentials.digest] = task
        task.add_done_callback(lambda _: self._looking.pop(credentials.digest, None))

    async def look_up(self, credentials: Credentials) -> None:
        """The same, and wait until it is known whom the token counts for, or cannot be found out."""
        self.note(credentials)
        if (task := self._looking.get(credentials.digest)) is not None:
            await asyncio.wait([task])

    async def close(self) -> None:
        """Look nothing up any more."""
        tasks = list(self._looking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, credentials: Credentials) -> None:
        """Whom a token counts for never changes."""
        try:
            known = await self._looked_up(credentials)
        except Exception as error:  # the next look-up is due when the token was forgotten
            _log.warning("a caller was not found", code=failure_of(error).code)
            return
        if credentials.digest in self._known:
            self._known[credentials.digest] = known

    async def _looked_up(self, credentials: Credentials) -> _Known:
        kind = credentials.kind
        if kind is None:
            raise TypeError("a token that was accepted is of a kind")
        asked = _LOOK_UPS[kind]
        found = await self._primary.value(asked.sql, asked.bound({}, credentials.binds))
        if found is None:
            return _unproven(credentials)
        return _Known(*found)


def _unproven(credentials: Credentials) -> _Known:
    """Until it is looked up, a token counts for itself, and a narrowed one for its network address alone."""
    return _Known(None if credentials.kind is PrincipalKind.NARROWED_TOKEN else credentials.digest)
