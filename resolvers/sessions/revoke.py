"""Ending one's own sessions. What is ended is refused by the next request."""

from sqlalchemy import delete

from authz.callers.principals import Principal
from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import SessionId, UserId
from models.people.sessions import sessions


async def revoke_session(session: WriteSession, principal: Principal, session_id: SessionId) -> SessionId:
    """End one of the caller's sessions, also the one that asks. Raises PERSON_REQUIRED, and NotFound for a
    session that has ended or is somebody else's."""
    own = delete(sessions).where(sessions.c.id == session_id, sessions.c.user_id == _person(principal))
    if (await session.execute(own.returning(sessions.c.id))).one_or_none() is None:
        raise NotFound("sessionId")
    return session_id


async def revoke_other_sessions(session: WriteSession, principal: Principal) -> int:
    """End all of the caller's sessions but the one that asks. Returns how many. Raises PERSON_REQUIRED."""
    others = delete(sessions).where(
        sessions.c.user_id == _person(principal), sessions.c.digest != principal.credentials.digest
    )
    return len((await session.execute(others.returning(sessions.c.id))).all())


def _person(principal: Principal) -> UserId:
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    return principal.user_id
