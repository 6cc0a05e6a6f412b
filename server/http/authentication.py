"""Authentication: from the header of a request to the person or the key."""

from collections import OrderedDict
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import array

from authz.callers import principals
from authz.callers.principals import Credentials, Principal, PrincipalKind, network_address, principal_of
from authz.callers.tokens import Digest, digest_of
from authz.reach.reach import PRINCIPAL
from authz.wall.row_security import entering
from engine.base.preamble import behind
from engine.compiled.sql_text import prepared
from engine.database.pool import Pool
from models.base.ids import ApiKeyId, NarrowedTokenId, UserId
from resolvers.single_sign_on.tokens import looks_like_one
from server.failures.errors import Unauthenticated

Ids = tuple[UserId | None, ApiKeyId | None, NarrowedTokenId | None]

_MOST_KNOWN = 10_000
"""Callers that are known at once; each takes about 300 bytes."""

WHO_ASKS = select(
    array([PRINCIPAL.c.actor_user_id, PRINCIPAL.c.actor_api_key_id, PRINCIPAL.c.token_id]).label("ids")
)
"""At most one row: `ids`, as `principal_of` takes them."""

_NO_BEARER = "The header Authorization must be `Bearer`, a space, and the token of a session or an API key."

# Sessions are of no tree, so for a person nothing has to be entered.
_PRINCIPAL = {kind: prepared(behind(entering(), WHO_ASKS), kind) for kind in (None, *PrincipalKind)}
_PRINCIPAL[PrincipalKind.PERSON] = prepared(WHO_ASKS, PrincipalKind.PERSON)


def credentials_of(authorization: str | None, client_address: str) -> Credentials | None:
    """What the header shows; None without one. Raises Unauthenticated for what can be no token."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(_NO_BEARER)
    token = token.strip()
    if looks_like_one(token):
        # Its session is found by its digest, once it is open (see `server.http.bearer_tokens`).
        return Credentials(digest_of(token), network_address(client_address), kind=PrincipalKind.PERSON)
    found = principals.credentials_of(token, network_address(client_address))
    if found is None:
        raise Unauthenticated
    return found


async def authenticated(primary: Pool, credentials: Credentials, reason: str | None = None) -> Principal:
    """Who has the credentials; `reason`: see `Principal`. Raises Unauthenticated for nobody."""
    statement = _PRINCIPAL[credentials.kind]
    found = await primary.value(statement.sql, statement.bound({}, credentials.binds))
    if found is None:
        raise Unauthenticated
    return replace(principal_of(credentials, *found), reason=reason)


class KnownCallers:
    """Whom tokens belonged to when the database was asked last. A token never changes hands, but it can end:
    who is taken from here has still to prove that it is valid."""

    def __init__(self) -> None:
        self._ids: OrderedDict[Digest, Ids] = OrderedDict()

    def get(self, credentials: Credentials, reason: str | None) -> Principal | None:
        """The caller, if it is known. `reason`: see `Principal`."""
        ids = self._ids.get(credentials.digest)
        if ids is None:
            return None
        self._ids.move_to_end(credentials.digest)
        return replace(principal_of(credentials, *ids), reason=reason)

    def note(self, principal: Principal) -> None:
        """The database accepted the caller's token."""
        self._ids[principal.credentials.digest] = principal.user_id, principal.api_key_id, principal.token_id
        if len(self._ids) > _MOST_KNOWN:
            self._ids.popitem(last=False)

    def forget(self, credentials: Credentials) -> None:
        """The token is not valid any more."""
        self._ids.pop(credentials.digest, None)
