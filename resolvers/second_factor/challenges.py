"""Challenges: what has to be answered before a session is opened, or a passkey added."""

import datetime
import os
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, literal, select

from authz.callers.tokens import Digest, TokenKind, digest, digest_of, generate
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId, new_id
from models.second_factor.tables import ChallengePurpose, factor_challenges

VALID_FOR = datetime.timedelta(minutes=10)
_NONCE_SIZE = 32
_MOST_OF_A_PERSON = 20


@dataclass(frozen=True)
class NewChallenge:
    """`token`: names the challenge. `nonce`: what a passkey signs."""

    token: str
    nonce: bytes


@dataclass(frozen=True)
class Challenge:
    """A challenge that waits for its answer. `password_digest`: see `models.second_factor.tables`."""

    digest: Digest
    user_id: UserId | None
    password_digest: bytes | None
    nonce: bytes


async def add_challenge(
    session: WriteSession,
    purpose: ChallengePurpose,
    user_id: UserId | None = None,
    stored_hash: str | None = None,
) -> NewChallenge:
    """Write a challenge. `stored_hash`: of the password that was right. Beyond 20 of a person the oldest
    go."""
    made = NewChallenge(generate(TokenKind.FACTOR_CHALLENGE), os.urandom(_NONCE_SIZE))
    await session.send_built(
        insert(factor_challenges).values(
            id=new_id(),
            purpose=purpose.value,
            digest=digest_of(made.token),
            user_id=user_id,
            password_digest=None if stored_hash is None else digest_of(stored_hash),
            nonce=made.nonce,
            expires_at=func.now() + literal(VALID_FOR),
        )
    )
    if user_id is not None:
        own = factor_challenges.c.user_id == user_id
        kept = select(factor_challenges.c.id).where(own).order_by(factor_challenges.c.id.desc())
        beyond = factor_challenges.c.id.not_in(kept.limit(_MOST_OF_A_PERSON))
        await session.send_built(delete(factor_challenges).where(own, beyond))
    return made


async def challenge_behind(session: WriteSession, purpose: ChallengePurpose, token: str) -> Challenge:
    """The challenge with this token. Raises SECOND_FACTOR_REFUSED for one that is over or of another kind."""
    found = digest(token, TokenKind.FACTOR_CHALLENGE)
    columns = factor_challenges.c.user_id, factor_challenges.c.password_digest, factor_challenges.c.nonce
    statement = select(*columns).where(
        factor_challenges.c.digest == found,
        factor_challenges.c.purpose == purpose.value,
        factor_challenges.c.expires_at > func.now(),
    )
    row = None if found is None else (await session.execute(statement)).one_or_none()
    if row is None or found is None:
        raise Refusal(
            RefusalCode.SECOND_FACTOR_REFUSED, "The challenge is over. Begin again.", "challengeToken"
        )
    return Challenge(found, row.user_id, row.password_digest, row.nonce)


async def answered(session: WriteSession, challenge: Challenge) -> None:
    """The challenge was answered, and is no more. Raises SECOND_FACTOR_REFUSED where somebody else answered
    it at the same moment."""
    gone = delete(factor_challenges).where(factor_challenges.c.digest == challenge.digest)
    if (await session.execute(gone.returning(factor_challenges.c.id))).one_or_none() is None:
        raise Refusal(RefusalCode.SECOND_FACTOR_REFUSED, field="challengeToken")


async def person_of_challenge(sessions: WriteSessions, token: str) -> uuid.UUID | None:
    """Whose sign-in it is about, for the limits of a try."""
    async with sessions.begin() as session:
        try:
            return (await challenge_behind(session, ChallengePurpose.SIGN_IN, token)).user_id
        except Refusal:
            return None
