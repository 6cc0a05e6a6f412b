"""The caller that a request is counted against, so that the many requests of one do not delay others.

A token is unproven until the database has accepted it: a client that makes up tokens would be a new principal
each time. So a principal is a token that was accepted before. Until then a request counts for its network
address alone.
"""

import asyncio
from collections import OrderedDict
from uuid import UUID

import structlog
from sqlalchemy import select

from authz.callers.principals import Credentials, PrincipalKind
from authz.callers.tokens import Digest
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from engine.base.preamble import behind
from engine.compiled.sql_text import prepared
from engine.database.pool import Pool
from resolvers.effects.attempts import place_of
from server.failures.errors import failure_of
from server.fairness.gate import Caller, Side

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_MOST = 10_000
"""Principals that are known at once; each takes about 200 bytes."""

_TREE_OF_A_KEY = prepared(behind(entering(), select(PRINCIPAL.c.master_id)), PrincipalKind.API_KEY)


class Callers:
    """Knows the principals that were answered lately, and the tree that an API key belongs to."""

    def __init__(self, primary: Pool) -> None:
        self._primary = primary
        self._known: OrderedDict[Digest, UUID | None] = OrderedDict()
        self._looking: set[asyncio.Task[None]] = set()

    def caller(self, credentials: Credentials | None, client_address: str) -> Caller:
        """The caller. `client_address`: as the transport has it."""
        place = (Side.PLACE, place_of(client_address))
        if credentials is None or credentials.digest not in self._known:
            return (place,)
        principal = (Side.PRINCIPAL, credentials.digest)
        tree = self._known[credentials.digest]
        return (principal, place) if tree is None else (principal, (Side.TREE, tree), place)

    def note(self, credentials: Credentials) -> None:
        """The database accepted the token."""
        if credentials.digest in self._known:
            self._known.move_to_end(credentials.digest)
            return
        self._known[credentials.digest] = None
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        if credentials.kind is PrincipalKind.API_KEY:
            task = asyncio.create_task(self._look_up(credentials))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def close(self) -> None:
        """Look nothing up any more."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def _look_up(self, credentials: Credentials) -> None:
        """A key's tree, which it never leaves."""
        values = _TREE_OF_A_KEY.bound({}, credentials.binds)
        try:
            tree = await self._primary.value(_TREE_OF_A_KEY.sql, values)
        except Exception as error:  # the next look-up is due when the key was forgotten
            _log.warning("the tree of a key was not found", code=failure_of(error).code)
            return
        if credentials.digest in self._known:
            self._known[credentials.digest] = tree  # type: ignore[assignment]  # asyncpg's UUID is one
