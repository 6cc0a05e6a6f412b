"""Sessions of people whom an issuer has named: how they are opened, and how the issuer ends them."""

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import Text, and_, delete, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.tokens import Digest, TokenKind, digest, digest_of, generate
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.single_sign_on_door import enter_for_single_sign_on, trees_that_accept
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, UserId, new_id
from models.people.sessions import sessions
from models.single_sign_on.tables import (
    single_sign_on_codes,
    single_sign_on_identities,
    single_sign_on_tokens,
)
from resolvers.people.sign_in import NamedByIssuer, SignedIn, open_session
from resolvers.sessions.clients import Client
from resolvers.sessions.ends import end_of_new_session
from resolvers.sessions.new_client import tell_of_new_client
from resolvers.single_sign_on.failures import SignOnFailed, SignOnFailure
from resolvers.single_sign_on.people import Known
from resolvers.single_sign_on.tokens import Claims

CODE_LENGTH = datetime.timedelta(minutes=1)
_LONGEST_BEARER = datetime.timedelta(hours=24)
_SKEW = datetime.timedelta(minutes=1)


async def give_code(session: WriteSession, master_id: MasterId, person: Known, challenge: Digest) -> str:
    """A secret that the page with this challenge changes for a session, once and within a minute."""
    code = generate(TokenKind.SIGN_IN_CODE)
    await session.send_built(
        insert(single_sign_on_codes).values(
            digest=digest_of(code),
            user_id=person.user_id,
            sign_on_master_id=master_id,
            sign_on_subject=person.subject,
            issuer_session=person.issuer_session,
            challenge=challenge,
            expires_at=func.now() + CODE_LENGTH,
        )
    )
    return code


async def complete(
    session: WriteSession, code: str, verifier: str, client: Client, device_token: str | None = None
) -> SignedIn:
    """Open the session of a code, for the page that has begun. `verifier`: the secret that it keeps. The
    person gets a mail about a device that was not known. Raises LINK_NOT_VALID."""
    stored = single_sign_on_codes.c
    used = delete(single_sign_on_codes).where(
        stored.digest == digest(code, TokenKind.SIGN_IN_CODE),
        stored.challenge == digest_of(verifier),
        stored.expires_at > func.now(),
    )
    row = (await session.execute(used.returning(*stored))).one_or_none()
    if row is None or not await _is_named(session, MasterId(row.sign_on_master_id), row.sign_on_subject):
        message = (
            "The code was used already, has expired, or belongs to another page; begin the sign-in again."
        )
        raise Refusal(RefusalCode.LINK_NOT_VALID, message, "code")
    named = NamedByIssuer(MasterId(row.sign_on_master_id), row.sign_on_subject, row.issuer_session)
    signed_in = await open_session(session, UserId(row.user_id), device_token, client, named)
    if signed_in.device_token != device_token:
        await tell_of_new_client(session, signed_in.user_id, client)
    return signed_in


async def _is_named(session: WriteSession, master_id: MasterId, subject: str) -> bool:
    """Whether the issuer still names somebody so. Single sign-on may have been removed meanwhile."""
    if not await enter_for_single_sign_on(session, master_id):
        return False
    identity = single_sign_on_identities.c
    named = select(identity.user_id).where(identity.master_id == master_id, identity.subject == subject)
    return (await session.execute(named)).one_or_none() is not None


@dataclass(frozen=True)
class Bearer:
    """A bearer token whose claims were checked. `text`: as the client sends it."""

    text: str
    issuer: str
    audience: str
    claims: Claims


async def has_session(session: WriteSession, text: str) -> bool:
    """Whether the bearer token has opened its session, which lives."""
    lives = and_(sessions.c.digest == digest_of(text), sessions.c.expires_at > func.now())
    return (await session.execute(select(sessions.c.id).where(lives))).one_or_none() is not None


async def open_bearer_session(session: WriteSession, bearer: Bearer) -> None:
    """Open the session of a bearer token, which ends with it: statements find the caller by the token's own
    digest. Rights are those of the person, and the token says nothing of them.

    Raises SignOnFailed for a person whom the issuer has not named yet, and for a token whose session was
    ended before.
    """
    expires_at = datetime.datetime.fromtimestamp(bearer.claims.expires_at or 0, datetime.UTC)
    if expires_at > datetime.datetime.now(datetime.UTC) + _LONGEST_BEARER:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it is valid for more than a day")
    tree, user_id = await _person_of_bearer(session, bearer)
    its_digest = digest_of(bearer.text)
    first = upsert(single_sign_on_tokens).values(digest=its_digest, expires_at=expires_at)
    used = first.on_conflict_do_nothing().returning(single_sign_on_tokens.c.digest)
    if (await session.execute(used)).one_or_none() is None:
        if await has_session(session, bearer.text):
            return
        raise SignOnFailed(SignOnFailure.NOT_VALID, "its session was ended")
    named = NamedByIssuer(tree, bearer.claims.subject or "", bearer.claims.text("sid"))
    await session.send_built(
        insert(sessions).values(
            id=new_id(),
            user_id=user_id,
            digest=its_digest,
            expires_at=func.least(expires_at, end_of_new_session(user_id)),
            ends_by=expires_at,
            **named.columns(),
        )
    )


async def _person_of_bearer(session: WriteSession, bearer: Bearer) -> tuple[MasterId, uuid.UUID]:
    identity, found = single_sign_on_identities.c, []
    for tree in await trees_that_accept(session, bearer.issuer, bearer.audience):
        if await enter_for_single_sign_on(session, tree):
            named = select(identity.user_id).where(
                identity.master_id == tree, identity.subject == bearer.claims.subject
            )
            found += [(tree, user_id) for user_id in (await session.execute(named)).scalars()]
    if len({user_id for _, user_id in found}) != 1:
        raise SignOnFailed(SignOnFailure.NOT_VALID, "it names nobody, or several people")
    return found[0]


async def end_by_issuer(session: WriteSession, master_id: MasterId, claims: Claims) -> int:
    """End the sessions that a logout token means: those of the issuer's session or, without one, all of the
    person. What was opened after the token was issued stays. Returns how many ended."""
    subject, issuer_session = claims.subject, claims.text("sid")
    before = datetime.datetime.fromtimestamp(claims.issued_at or 0, datetime.UTC) + _SKEW
    named = [sessions.c.sign_on_master_id == master_id, sessions.c.created_at <= before]
    if subject is not None:
        named.append(sessions.c.sign_on_subject == subject)
    if issuer_session is not None:
        # Where the issuer has not said which of its sessions opened one of ours, it may be this one.
        of_session = sessions.c.issuer_session
        unknown = of_session.is_(None) if subject is not None else literal(value=False)
        named.append(or_(of_session == literal(issuer_session, Text), unknown))
    ended = delete(sessions).where(*named).returning(sessions.c.id)
    return len((await session.execute(ended)).all())
