"""Bearer tokens (JWT) of companies' issuers, which callers send in place of a session's token.

A token is checked offline, with the issuer's keys as they are kept. The first request with it opens a session
that is found by the token's own digest. So every statement reads the person's rights from the database, and a
session that somebody ends is refused by the next request, as any other.
"""

from collections import OrderedDict

import structlog

from authz.callers.tokens import Digest, digest_of
from authz.wall.single_sign_on_door import trees_that_accept
from engine.writes.sessions import WriteSessions
from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.issuers import Issuers
from resolvers.single_sign_on.sessions import Bearer, has_session, open_bearer_session
from resolvers.single_sign_on.tokens import Claims, looks_like_one, unverified, verified
from server.failures.errors import Unauthenticated

_MOST_KNOWN = 10_000
_log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class BearerTokens:
    """Of one process."""

    def __init__(self, sessions: WriteSessions, issuers: Issuers) -> None:
        self._sessions = sessions
        self._issuers = issuers
        self._known: OrderedDict[Digest, None] = OrderedDict()

    async def introduce(self, authorization: str | None) -> None:
        """Open the session of a bearer token that this process has not seen. All else is left alone. Raises
        Unauthenticated for a token that is not valid."""
        token = (authorization or "").partition(" ")[2].strip()
        if not looks_like_one(token):
            return
        its_digest = digest_of(token)
        if its_digest in self._known:
            self._known.move_to_end(its_digest)
            return
        async with self._sessions.begin() as session:
            is_open = await has_session(session, token)
        if not is_open:
            try:
                await self._open(token)
            except SignOnFailed as failed:
                _log.info("bearer_refused", reason=str(failed))
                text = failed.failure.value if failed.failure is SignOnFailure.UNAVAILABLE else _NOT_VALID
                raise Unauthenticated(text) from failed
        self._known[its_digest] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    async def _open(self, token: str) -> None:
        audience, issuer, claims = await self._checked(token)
        async with self._sessions.begin() as session:
            await open_bearer_session(session, Bearer(token, issuer, audience, claims))

    async def _checked(self, token: str) -> tuple[str, str, Claims]:
        said = unverified(token)
        # Nobody is asked for the keys of an issuer that no account has named.
        async with self._sessions.begin() as session:
            accepted = [
                audience
                for audience in said.audiences[:_MOST_AUDIENCES]
                if await trees_that_accept(session, said.issuer, audience)
            ]
        if not accepted:
            raise SignOnFailed(SignOnFailure.NOT_VALID, "nobody accepts this issuer and audience")
        claims = await verified(self._issuers, token, said.issuer, accepted[0])
        if claims.subject is None or claims.expires_at is None:
            raise SignOnFailed(SignOnFailure.NOT_VALID, "it lacks a claim")
        return accepted[0], said.issuer, claims


_MOST_AUDIENCES = 5
_NOT_VALID = "The token is not valid, or has expired."
