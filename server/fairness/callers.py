"""The caller that a request is counted against, so that the many requests of one do not delay others.

A token is unproven until the database has accepted it: a client that makes up tokens would be a new principal
each time. So a principal is a token that was accepted before. Until then a request counts for its network
address alone.

A narrowed token counts for the session or the API key that it was made of: narrowing gains no further share.
"""

import asyncio
from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import LargeBinary, bindparam, select

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

_TREE_OF_A_KEY = prepared(behind(entering(), select(PRINCIPAL.c.master_id)), PrincipalKind.API_KEY)
_PARENT_OF_A_TOKEN = prepared(
    select(narrowed_tokens.c.root_digest, narrowed_tokens.c.api_key_master_id).where(
        narrowed_tokens.c.digest == bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
    )
)


class _Known(NamedTuple):
    """An accepted token: whom it counts for, and the tree of an API key. None: not known yet."""

    principal: bytes | None
    tree: UUID | None = None


class Callers:
    """Knows the principals that were answered lately, and the tree that an API key belongs to."""

    def __init__(self, primary: Pool) -> None:
        self._primary = primary
        self._known: OrderedDict[Digest, _Known] = OrderedDict()
        self._looking: set[asyncio.Task[None]] = set()

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
        is_narrowed = credentials.kind is PrincipalKind.NARROWED_TOKEN
        self._known[credentials.digest] = _Known(None if is_narrowed else credentials.digest)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        if credentials.kind is not PrincipalKind.PERSON:
            task = asyncio.create_task(self._look_up(credentials))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def close(self) -> None:
        """Look nothing up any more."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def _look_up(self, credentials: Credentials) -> None:
        """A key's tree, which it never leaves; what a narrowed token was made of, which never changes."""
        try:
            known = await self._looked_up(credentials)
        except Exception as error:  # the next look-up is due when the token was forgotten
            _log.warning("the tree of a key was not found", code=failure_of(error).code)
            return
        if credentials.digest in self._known:
            self._known[credentials.digest] = known

    async def _looked_up(self, credentials: Credentials) -> _Known:
        is_narrowed = credentials.kind is PrincipalKind.NARROWED_TOKEN
        asked = _PARENT_OF_A_TOKEN if is_narrowed else _TREE_OF_A_KEY
        found = await self._primary.row(asked.sql, asked.bound({}, credentials.binds))
        if found is None:
            return _Known(None if is_narrowed else credentials.digest)
        return _Known(*found) if is_narrowed else _Known(credentials.digest, found[0])
