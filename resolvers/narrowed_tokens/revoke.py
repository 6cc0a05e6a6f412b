"""Revoking a narrowed token, and with it all that was narrowed from it."""

from typing import Any

from sqlalchemy import Row, func, select, update

from authz.callers.principals import Principal, PrincipalKind
from authz.guards.exclusive import WriteKind, authorize, reached_also
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from engine.writes.sessions import WriteSession
from models.api_keys.tables import api_keys
from models.base.ids import NarrowedTokenId
from models.narrowed_tokens.tables import narrowed_tokens
from resolvers.effects.event_types import EventType
from resolvers.narrowed_tokens.narrow import log_token


async def revoke_token(session: WriteSession, principal: Principal, token_id: NarrowedTokenId) -> None:
    """End a token, and what was narrowed from it, from the next request on. In any status of its accounts.

    The person or the API key that it acts for may, the token itself, and one that it was narrowed from. So
    may who holds API_KEYS_WRITE in the account of its API key. Raises NotFound for everybody else, and
    PermissionDenied to who reaches the key's account without that permission.
    """
    row = (
        await session.execute(select(narrowed_tokens).where(narrowed_tokens.c.id == token_id))
    ).one_or_none()
    if row is None or not _is_own(principal, row):
        await _check_manager(session, principal, token_id)
    if row is None:
        raise NotFound("narrowedTokenId")
    reached = await reached_also(session, principal, row.account_ids, Permission.ACCOUNT_READ)
    living = narrowed_tokens.c.id == token_id, narrowed_tokens.c.revoked_at.is_(None)
    revoking = update(narrowed_tokens).where(*living).values(revoked_at=func.now())
    revoked = (await session.execute(revoking.returning(narrowed_tokens.c.id))).one_or_none()
    if revoked is not None:
        before = {"audience": row.audience}
        await log_token(session, principal, reached, EventType.TOKEN_REVOKED, token_id, before)


def _is_own(principal: Principal, row: Row[Any]) -> bool:
    if principal.kind is PrincipalKind.NARROWED_TOKEN:
        return principal.token_id in (row.id, *row.ancestor_ids)
    return (row.user_id, row.api_key_id) == (principal.user_id, principal.api_key_id)


async def _check_manager(session: WriteSession, principal: Principal, token_id: NarrowedTokenId) -> None:
    account_id = (
        select(api_keys.c.account_id)
        .join(narrowed_tokens, narrowed_tokens.c.api_key_id == api_keys.c.id)
        .where(narrowed_tokens.c.id == token_id, api_keys.c.master_id == narrowed_tokens.c.api_key_master_id)
        .scalar_subquery()
    )
    await authorize(session, principal, account_id, Permission.API_KEYS_WRITE, WriteKind.TAKES_AWAY)
