"""Who asks: a person with a session, or an API key.

The principal is looked up by its token's digest inside every statement that depends on rights, so that a
revoked session or key is refused by the very next statement (T8).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Uuid, and_, bindparam, func, literal, null, or_, select, union_all
from sqlalchemy.types import LargeBinary

from authz.tokens import Digest, TokenKind, digest
from models.api_keys import api_keys
from models.identifiers import ApiKeyId, UserId
from models.sessions import sessions


class PrincipalKind(enum.Enum):
    """What kind of principal asks."""

    PERSON = "PERSON"
    API_KEY = "API_KEY"


@dataclass(frozen=True)
class Principal:
    """Who asks. `digest` is what every statement looks the principal up by."""

    kind: PrincipalKind
    digest: Digest
    user_id: UserId | None
    api_key_id: ApiKeyId | None

    @property
    def id(self) -> UserId | ApiKeyId:
        """The person's or the key's id."""
        found = self.user_id or self.api_key_id
        if found is None:
            raise AssertionError("a principal is a person or a key")
        return found


DIGEST_NAME = "principal_digest"
NOBODY = Digest(b"")
"""The digest of an anonymous caller: no row has it."""


def principal_rows() -> CTE:
    """The principal as at most one row (user_id, api_key_id), in the statement's own snapshot."""
    token = bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
    person = select(sessions.c.user_id, null().cast(Uuid).label("api_key_id")).where(
        sessions.c.digest == token, sessions.c.expires_at > func.now()
    )
    key = select(null().cast(Uuid), api_keys.c.id).where(api_keys.c.digest == token, key_works())
    return union_all(person, key).cte("principal").prefix_with("MATERIALIZED")


def key_works() -> ColumnElement[bool]:
    """Whether an API key is neither revoked nor expired, by the database's clock."""
    unexpired = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now())
    return and_(api_keys.c.revoked_at.is_(None), unexpired)


def subject_rows(user_id: UserId | None, api_key_id: ApiKeyId | None) -> CTE:
    """A person or a key as a principal's row, whether or not it asks: to see what it holds now."""
    person = select(literal(user_id, Uuid).label("user_id"), null().cast(Uuid).label("api_key_id"))
    key = select(null().cast(Uuid), api_keys.c.id).where(
        api_keys.c.id == literal(api_key_id, Uuid), key_works()
    )
    return union_all(person, key).cte("subject")


def principal_of_row(token_digest: Digest, row: Mapping[str, Any]) -> Principal:
    """The principal that `principal_rows` found for the digest."""
    kind = PrincipalKind.PERSON if row["user_id"] is not None else PrincipalKind.API_KEY
    return Principal(kind, token_digest, row["user_id"], row["api_key_id"])


def principal_digest(token: str) -> Digest | None:
    """The digest to look a token up by; None for what can be no token of a principal."""
    return digest(token, TokenKind.SESSION, TokenKind.API_KEY)
