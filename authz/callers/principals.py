"""The caller (principal): a person with a session, an API key, or a narrowed token of one of them.

Every statement that depends on rights looks the caller up by its token's digest. So the next statement after
a session, key or narrowed token was revoked refuses it (T8).

A narrowed token acts in the name of its parent, which logs and counts name, but is no person and no key: what
only a person or a key itself may see or do is closed to it.
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
    column,
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

from authz.callers.tokens import TEST_KINDS, Digest, TokenKind, digest
from engine.compiled.sql_text import only_in
from engine.text.remembered import remembered
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from models.base.ids import ApiKeyId, NarrowedTokenId, UserId
from models.people.sessions import sessions

ClientAddress = NewType("ClientAddress", str)
"""An IP address as PostgreSQL reads it."""


class UnknownCallerError(Exception):
    """Nobody has the token any more."""


class PrincipalKind(enum.Enum):
    """Whether rights are a person's, an API key's, or those that a narrowed token has of one of them."""

    PERSON = "PERSON"
    API_KEY = "API_KEY"
    NARROWED_TOKEN = "NARROWED_TOKEN"  # noqa: S105 - a kind


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
    """The caller. `user_id`, `api_key_id`: in whose name it acts; for a narrowed token those of its parent.
    `reason`: why it asks, in the request's words, for the logs of its changes (R54, N3)."""

    kind: PrincipalKind
    credentials: Credentials
    user_id: UserId | None
    api_key_id: ApiKeyId | None
    reason: str | None = None
    token_id: NarrowedTokenId | None = None

    @property
    def id(self) -> UserId | ApiKeyId:
        """The person's or the key's id."""
        found = self.user_id or self.api_key_id
        if found is None:
            raise AssertionError("a caller is a person or a key")
        return found

    @property
    def person_id(self) -> UserId | None:
        """The person who is signed in. None for a key, and for a token that acts in a person's name."""
        return self.user_id if self.kind is PrincipalKind.PERSON else None


ANONYMOUS = Credentials(Digest(b""))
"""Credentials of a caller without a token: no row has the digest."""


def principal_rows() -> CTE:
    """The caller as at most one row (user_id, api_key_id, token_id, actor_user_id, actor_api_key_id), in the
    statement's own snapshot. For a key also the columns that its grant is made of (master_id, account_id,
    role_id, scopes, expires_at).

    One of the first three says who it is. The actor is in whose name it acts: a narrowed token's parent. So
    whatever asks for the caller's person or key finds none for a narrowed token.
    """
    token = bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
    found = api_keys.alias()
    granted = found.c.master_id, found.c.account_id, found.c.role_id, found.c.scopes, found.c.expires_at
    no_grant = [null().cast(each.type).label(each.name) for each in granted]
    person = select(
        sessions.c.user_id,
        _nobody("api_key_id"),
        _nobody("token_id"),
        sessions.c.user_id.label("actor_user_id"),
        _nobody("actor_api_key_id"),
        *no_grant,
    ).where(sessions.c.digest == token, session_lives(sessions))
    # A hint of the wall's, which saves the look-up by two digests. Without it nobody is found.
    hinted = cast(func.nullif(func.current_setting("mandant.api_key", true()), ""), Uuid)
    key = select(
        _nobody("user_id"),
        found.c.id.label("api_key_id"),
        _nobody("token_id"),
        _nobody("actor_user_id"),
        found.c.id.label("actor_api_key_id"),
        *granted,
    ).where(
        found.c.id == hinted,
        has_secret(found, token),
        key_works(found),
        works_from(found, _address()),
    )
    narrowed = func.narrowed_caller(token, _address()).table_valued(*_NARROWED).lateral()
    of_token = select(
        _nobody("user_id"),
        _nobody("api_key_id"),
        narrowed.c.token_id,
        narrowed.c.user_id.label("actor_user_id"),
        narrowed.c.api_key_id.label("actor_api_key_id"),
        *no_grant,
    )
    arms = (
        only_in(PrincipalKind.PERSON, person),
        only_in(PrincipalKind.API_KEY, key),
        only_in(PrincipalKind.NARROWED_TOKEN, of_token),
    )
    return union_all(*arms).cte("principal").prefix_with("MATERIALIZED")


_NARROWED = tuple(column(name, Uuid) for name in ("token_id", "user_id", "api_key_id"))


def _nobody(name: str) -> ColumnElement[uuid.UUID]:
    return null().cast(Uuid).label(name)


def session_lives(session: FromClause) -> ColumnElement[bool]:
    """Whether a session has not ended, by the database's clock."""
    return session.c.expires_at > func.now()


def has_secret(key: FromClause, secret: ColumnElement[bytes]) -> ColumnElement[bool]:
    """Whether the digest is that of an API key's secret, or of the one before its last rotation while that
    works."""
    previous = and_(key.c.previous_digest == secret, key.c.previous_expires_at > func.now())
    return or_(key.c.digest == secret, previous)


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


def key_may_work(key: FromClause) -> ColumnElement[bool]:
    """Whether an API key works, or works again as soon as the limits that staff have set end, which they do
    by themselves."""
    kept = key.c.when_maker_loses_access == literal_column(f"'{WhenMakerLosesAccess.KEEP.value}'")
    return and_(key_lives(key), or_(kept, ~func.api_key_stays_stopped(key.c.id)))


def works_from(key: FromClause, address: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a key accepts the network address."""
    anywhere = func.cardinality(key.c.ip_ranges) == literal_column("0")
    return or_(anywhere, cast(address, INET).op("<<=")(any_(key.c.ip_ranges)))


def _address() -> ColumnElement[str]:
    # Sent as text: asyncpg would parse an address in Python.
    return bindparam(ADDRESS_NAME, type_=Text, required=True)


def subject_rows(user_id: UserId | None, api_key_id: ApiKeyId | None) -> CTE:
    """A person or a key as a caller's row, to see what it holds now."""
    person = select(literal(user_id, Uuid).label("user_id"), null().cast(Uuid).label("api_key_id"))
    key = api_keys.alias()
    working = select(null().cast(Uuid), key.c.id).where(key.c.id == literal(api_key_id, Uuid), key_works(key))
    return union_all(person, working).cte("subject")


def principal_of(
    credentials: Credentials,
    user_id: uuid.UUID | None,
    api_key_id: uuid.UUID | None,
    token_id: uuid.UUID | None = None,
) -> Principal:
    """The caller that `principal_rows` found for the credentials. The first two ids: in whose name it
    acts."""
    kind = PrincipalKind.API_KEY if user_id is None else PrincipalKind.PERSON
    return Principal(
        kind if token_id is None else PrincipalKind.NARROWED_TOKEN,
        credentials,
        None if user_id is None else UserId(user_id),
        None if api_key_id is None else ApiKeyId(api_key_id),
        token_id=None if token_id is None else NarrowedTokenId(token_id),
    )


def credentials_of(token: str, address: ClientAddress | None = None) -> Credentials | None:
    """The credentials of a token. None for a text that cannot be a caller's token."""
    for token_kind, kind in _KINDS.items():
        found = digest(token, token_kind)
        if found is not None:
            return Credentials(found, address, kind=kind, is_test=token_kind in TEST_KINDS)
    return None


_KINDS = {
    TokenKind.API_KEY: PrincipalKind.API_KEY,
    TokenKind.SESSION: PrincipalKind.PERSON,
    TokenKind.TEST_API_KEY: PrincipalKind.API_KEY,
    TokenKind.NARROWED: PrincipalKind.NARROWED_TOKEN,
    TokenKind.TEST_NARROWED: PrincipalKind.NARROWED_TOKEN,
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
