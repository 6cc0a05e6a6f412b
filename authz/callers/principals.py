"""The caller (principal): a person with a session, or an API key.

Every statement that depends on rights looks the caller up by its token's digest. So the next statement after
a session or key was revoked refuses it (T8).
"""

import enum
import ipaddress
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple, NewType

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.types import LargeBinary

from authz.callers.tokens import Digest, TokenKind, digest
from engine.compiled.sql_text import only_in
from engine.text.remembered import remembered
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from models.base.ids import ApiKeyId, UserId
from models.people.sessions import sessions

ClientAddress = NewType("ClientAddress", str)
"""An IP address as PostgreSQL reads it."""


class UnknownCallerError(Exception):
    """Nobody has the token any more."""


class PrincipalKind(enum.Enum):
    """Whether rights are a person's or an API key's."""

    PERSON = "PERSON"
    API_KEY = "API_KEY"


DIGEST_NAME = "principal_digest"
ADDRESS_NAME = "principal_address"
LINK_NAME = "link_digest"
KIND_NAME = "principal_kind"


class Credentials(NamedTuple):
    """What a request shows of its caller. Every statement looks the caller up by it.

    `address` None: the client has no network address, so a key that is bound to ranges does not work. `link`:
    the digest of the secret of an invitation or share that the caller holds besides. `kind`: the kind of
    caller that the token belongs to; None: unknown. `is_test`: the token is that of a key for tests.
    """

    digest: Digest
    address: ClientAddress | None = None
    link: Digest | None = None
    kind: PrincipalKind | None = None
    is_test: bool = False

    @property
    def binds(self) -> dict[str, Any]:
        """The values of the look-up's parameters."""
        kind = None if self.kind is None else self.kind.value
        return {DIGEST_NAME: self.digest, ADDRESS_NAME: self.address, KIND_NAME: kind, LINK_NAME: self.link}


@dataclass(frozen=True)
class Principal:
    """The caller. `reason`: why it asks, in the request's words, for the logs of its changes (R54, N3)."""

    kind: PrincipalKind
    credentials: Credentials
    user_id: UserId | None
    api_key_id: ApiKeyId | None
    reason: str | None = None

    @property
    def id(self) -> UserId | ApiKeyId:
        """The person's or the key's id."""
        found = self.user_id or self.api_key_id
        if found is None:
            raise AssertionError("a caller is a person or a key")
        return found


ANONYMOUS = Credentials(Digest(b""))
"""Credentials of a caller without a token: no row has the digest."""


def principal_rows() -> CTE:
    """The caller as at most one row (user_id, api_key_id), in the statement's own snapshot. For a key also
    the columns that its grant is made of (master_id, account_id, role_id, scopes, expires_at)."""
    token = bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
    found = api_keys.alias()
    granted = found.c.master_id, found.c.account_id, found.c.role_id, found.c.scopes, found.c.expires_at
    person = select(
        sessions.c.user_id,
        null().cast(Uuid).label("api_key_id"),
        *(null().cast(column.type).label(column.name) for column in granted),
    ).where(sessions.c.digest == token, sessions.c.expires_at > func.now())
    # A hint of the wall's, which saves the look-up by two digests. Without it nobody is found.
    hinted = cast(func.nullif(func.current_setting("mandant.api_key", true()), ""), Uuid)
    previous = and_(found.c.previous_digest == token, found.c.previous_expires_at > func.now())
    key = select(null().cast(Uuid).label("user_id"), found.c.id.label("api_key_id"), *granted).where(
        found.c.id == hinted,
        or_(found.c.digest == token, previous),
        key_works(found),
        _works_from_here(found),
    )
    arms = only_in(PrincipalKind.PERSON, person), only_in(PrincipalKind.API_KEY, key)
    return union_all(*arms).cte("principal").prefix_with("MATERIALIZED")


def key_lives(key: FromClause) -> ColumnElement[bool]:
    """Whether an API key is neither revoked nor expired, by the database's clock."""
    unexpired = or_(key.c.expires_at.is_(None), key.c.expires_at > func.now())
    return and_(key.c.revoked_at.is_(None), unexpired)


def key_works(key: FromClause) -> ColumnElement[bool]:
    """Whether an API key lives and has not stopped. The address that uses it is not considered."""
    kept = key.c.when_maker_loses_access == literal_column(f"'{WhenMakerLosesAccess.KEEP.value}'")
    return and_(key_lives(key), or_(kept, ~key_stops(key.c.id)))


def key_stops(api_key_id: ColumnElement[uuid.UUID]) -> ColumnElement[bool]:
    """Whether a key has stopped because its creator lost access (see `authz.reach.key_makers`). Only keys
    made with STOP can stop."""
    return func.api_key_stops(api_key_id)


def _works_from_here(key: FromClause) -> ColumnElement[bool]:
    # Sent as text: asyncpg would parse an address in Python.
    address = cast(bindparam(ADDRESS_NAME, type_=Text, required=True), INET)
    anywhere = func.cardinality(key.c.ip_ranges) == literal_column("0")
    return or_(anywhere, address.op("<<=")(any_(key.c.ip_ranges)))


def subject_rows(user_id: UserId | None, api_key_id: ApiKeyId | None) -> CTE:
    """A person or a key as a caller's row, to see what it holds now."""
    person = select(literal(user_id, Uuid).label("user_id"), null().cast(Uuid).label("api_key_id"))
    key = api_keys.alias()
    working = select(null().cast(Uuid), key.c.id).where(key.c.id == literal(api_key_id, Uuid), key_works(key))
    return union_all(person, working).cte("subject")


def principal_of(
    credentials: Credentials, user_id: uuid.UUID | None, api_key_id: uuid.UUID | None
) -> Principal:
    """The caller that `principal_rows` found for the credentials."""
    if user_id is not None:
        return Principal(PrincipalKind.PERSON, credentials, UserId(user_id), None)
    return Principal(
        PrincipalKind.API_KEY, credentials, None, None if api_key_id is None else ApiKeyId(api_key_id)
    )


def credentials_of(token: str, address: ClientAddress | None = None) -> Credentials | None:
    """The credentials of a token. None for a text that cannot be a caller's token."""
    for token_kind, kind in _KINDS.items():
        found = digest(token, token_kind)
        if found is not None:
            return Credentials(found, address, kind=kind, is_test=token_kind is TokenKind.TEST_API_KEY)
    return None


_KINDS = {
    TokenKind.API_KEY: PrincipalKind.API_KEY,
    TokenKind.SESSION: PrincipalKind.PERSON,
    TokenKind.TEST_API_KEY: PrincipalKind.API_KEY,
}


@remembered(4096)
def network_address(text: str) -> ClientAddress | None:
    """A client's network address. None where there is none, as on a unix socket.

    An IPv4-mapped IPv6 address becomes the IPv4 address. The zone of a link-local address is left out.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return ClientAddress(str(address))
