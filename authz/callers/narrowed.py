"""Whom a narrowed token belongs to, and whether it still works (T8).

It works while everything lives that it was made of: the narrowed tokens above it, and in the end a session or
a secret of an API key. All of that is looked up by each statement that finds the caller.
"""

import uuid

from sqlalchemy import ColumnElement, FromClause, Select, and_, any_, exists, func, or_, select

from authz.callers.principals import has_secret, key_works, session_lives, works_from
from models.api_keys.tables import api_keys
from models.narrowed_tokens.tables import narrowed_tokens
from models.people.sessions import sessions


def narrowed_caller(
    token: ColumnElement[bytes], address: ColumnElement[str]
) -> Select[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]:
    """Whom a narrowed token belongs to: at most one row (token_id, user_id, api_key_id). Statements call it
    as the stored function of this name."""
    found, key = narrowed_tokens.alias(), api_keys.alias()
    from_here = and_(is_root_key(key, found), works_from(key, address))
    return select(found.c.id, found.c.user_id, found.c.api_key_id).where(
        found.c.digest == token,
        token_lives(found),
        or_(found.c.api_key_id.is_(None), exists(select(key.c.id).where(from_here))),
    )


def token_lives(token: FromClause) -> ColumnElement[bool]:
    """Whether a narrowed token, all that it was narrowed from, and the session or the secret of the key in
    the end, live. The address that uses it is not considered."""
    above, session, key = narrowed_tokens.alias(), sessions.alias(), api_keys.alias()
    revoked = select(above.c.id).where(
        above.c.id == any_(token.c.ancestor_ids), above.c.revoked_at.is_not(None)
    )
    own_session = and_(session.c.digest == token.c.root_digest, session.c.user_id == token.c.user_id)
    own_key = and_(is_root_key(key, token), has_secret(key, token.c.root_digest), key_works(key))
    return and_(
        token.c.revoked_at.is_(None),
        token.c.expires_at > func.now(),
        ~exists(revoked.correlate(token)),
        or_(
            exists(select(session.c.id).where(own_session, session_lives(session)).correlate(token)),
            exists(select(key.c.id).where(own_key).correlate(token)),
        ),
    )


def is_root_key(key: FromClause, token: FromClause) -> ColumnElement[bool]:
    """Whether a narrowed token was made with this API key, or of a token that was."""
    return and_(key.c.master_id == token.c.api_key_master_id, key.c.id == token.c.api_key_id)
