"""Proof that a person has the mailbox of an address: links that are mailed to it."""

import datetime
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Text,
    Uuid,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from authz.callers.principals import Principal
from authz.callers.tokens import Digest, TokenKind, digest, digest_of, generate
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId, new_id
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.users import users
from resolvers.effects.mail_texts import letter
from resolvers.effects.outbox import Cause, Mail, queue_mail, queue_mail_if_registered
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.people.devices import keep_device
from resolvers.people.hashing import HashingTurn
from resolvers.people.mail_kinds import EMAIL_VERIFICATION, PASSWORD_RESET, SIGN_UP_ATTEMPT
from resolvers.people.passwords import new_password
from resolvers.people.proved_passwords import ProvedPassword, hold_password
from resolvers.people.takeover import replace_password
from resolvers.people.weak_passwords import PasswordOwner

VERIFICATION_VALID_FOR = datetime.timedelta(days=7)
RESET_VALID_FOR = datetime.timedelta(minutes=30)


async def send_verification(session: WriteSession, user_id: UserId, email: EmailAddress, page: str) -> None:
    """Mail the link that verifies the address. `page`: the page that confirms it; the secret follows its `#`.
    Raises RateLimited."""
    token = generate(TokenKind.EMAIL_VERIFICATION)
    person = users.c.id == user_id
    await _add_link(session, MailboxLinkKind.EMAIL_VERIFICATION, token, VERIFICATION_VALID_FOR, person)
    body = letter(
        "Somebody signed up for Mandant with this e-mail address. If it was you, open this link within seven "
        "days and confirm it:",
        "If it was not you, confirm nothing: unconfirmed, the address gives nobody anything. To take it away "
        "from whoever used it, ask for a new password on that page.",
        link=f"{page}#{token}",
    )
    await queue_mail(session, Cause(), Mail(EMAIL_VERIFICATION, email, body))


async def request_verification(session: WriteSession, principal: Principal, page: str) -> UserId:
    """Mail the link to the caller again; nothing where the address is verified. Raises RateLimited,
    PERSON_REQUIRED."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    statement = select(users.c.email, users.c.email_canonical, users.c.email_verified_at)
    row = (await session.execute(statement.where(users.c.id == principal.user_id))).one()
    if row.email_verified_at is None:
        await send_verification(
            session, principal.user_id, EmailAddress(row.email, row.email_canonical), page
        )
    return principal.user_id


async def prove_password_of_link(
    sessions: WriteSessions, turn: HashingTurn, token: str, password: str
) -> ProvedPassword:
    """Check the password of the person whose address the link verifies. Raises LINK_NOT_VALID,
    SIGN_IN_REFUSED."""
    async with sessions.begin() as session:
        user_id = await _person_of_link(session, MailboxLinkKind.EMAIL_VERIFICATION, token)
        stored = select(users.c.password_hash).where(users.c.id == user_id)
        password_hash = (await session.execute(stored)).scalar_one()
    if not await turn.matches(password, password_hash):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The password is wrong.", "password")
    return ProvedPassword(user_id, password_hash)


async def verify_email(
    session: WriteSession, principal: Principal | None, token: str, proved: ProvedPassword | None = None
) -> UserId:
    """Note that the person has the mailbox of its address. `proved`: the person's password, for a request
    without a session of the person.

    The link alone is not enough: it may lie in the mailbox of somebody who never signed up, and opening it
    would verify the address for a stranger. Raises LINK_NOT_VALID, WRONG_PERSON, PasswordChangedError, and
    PERSON_REQUIRED without a session and a password.
    """
    user_id = await _use_link(session, MailboxLinkKind.EMAIL_VERIFICATION, token)
    if proved is not None:
        await hold_password(session, proved)
    elif principal is None or principal.user_id is None:
        message = "Sign in as the person who signed up, or give that person's password."
        raise Refusal(RefusalCode.PERSON_REQUIRED, message, "password")
    elif principal.user_id != user_id:
        raise Refusal(RefusalCode.WRONG_PERSON)
    await mark_verified(session, user_id)
    return user_id


async def mark_verified(session: WriteSession, user_id: UserId) -> None:
    """Note that the person has the mailbox."""
    unverified = and_(users.c.id == user_id, users.c.email_verified_at.is_(None))
    await session.send_built(update(users).where(unverified).values(email_verified_at=func.now()))
    of_kind = mailbox_links.c.kind == MailboxLinkKind.EMAIL_VERIFICATION.value
    await session.send_built(delete(mailbox_links).where(mailbox_links.c.user_id == user_id, of_kind))


async def check_verified(session: WriteSession, user_id: UserId) -> None:
    """Raise ADDRESS_NOT_VERIFIED. Offers to an address are for the owner of its mailbox, not for whoever
    typed it. The person stays as it is until the transaction ends, so that nobody joins who is deleted
    meanwhile."""
    statement = select(users.c.email_verified_at).where(users.c.id == user_id)
    if (await session.execute(statement.with_for_update(read=True))).scalar_one() is None:
        raise Refusal(RefusalCode.ADDRESS_NOT_VERIFIED)


@dataclass(frozen=True)
class PasswordResetRequest:
    """`page`: the page that sets the password; the secret follows its `#`."""

    email: str
    client_address: str
    page: str


async def request_password_reset(session: WriteSession, command: PasswordResetRequest) -> None:
    """Mail a link that sets a new password to the person who is registered with the address. For other
    addresses the same work is done and nothing is sent (T13). Raises RateLimited for the network,
    BAD_USER_INPUT."""
    email = email_address(command.email)
    token = generate(TokenKind.PASSWORD_RESET)
    body = letter(
        "Somebody asked for a new password for the person with this e-mail address. Open this link within "
        "30 minutes to set one:",
        "If it was not you, ignore this: nothing changes unless the link is used.",
        link=f"{command.page}#{token}",
    )
    cause = Cause(client_address=command.client_address)
    if await queue_mail_if_registered(session, cause, Mail(PASSWORD_RESET, email, body)):
        person = users.c.email_canonical == email.canonical
        await _add_link(session, MailboxLinkKind.PASSWORD_RESET, token, RESET_VALID_FOR, person)


async def hash_for_reset(sessions: WriteSessions, turn: HashingTurn, token: str, password: str) -> str:
    """The hash of a password that a link sets. Raises LINK_NOT_VALID, BAD_USER_INPUT."""
    async with sessions.begin() as session:
        user_id = await _person_of_link(session, MailboxLinkKind.PASSWORD_RESET, token)
        statement = select(users.c.name, users.c.email_canonical).where(users.c.id == user_id)
        row = (await session.execute(statement)).one()
    prepared = new_password(password, PasswordOwner(row.name, row.email_canonical), "newPassword")
    return await turn.hash(prepared)


async def reset_password(session: WriteSession, token: str, new_hash: str) -> str:
    """Set a new password by the link, which also verifies the address. All earlier sessions and devices end.

    Returns the token of the person's device. Raises LINK_NOT_VALID.
    """
    user_id = await _use_link(session, MailboxLinkKind.PASSWORD_RESET, token)
    await replace_password(session, user_id, new_hash)
    return await keep_device(session, user_id)


async def tell_of_sign_up(session: WriteSession, email: str, page: str) -> None:
    """Inform the person with the address that a sign-up with it was refused. The caller who tried learns
    nothing. `page`: the page that sets a new password."""
    body = letter(
        "Somebody tried to sign up for Mandant with this e-mail address, but somebody has signed up with it "
        "before. If it was you, sign in with the password of then, or set a new one here, which also takes "
        "the address away from whoever else may have used it:",
        "If it was not you, ignore this.",
        link=page,
    )
    await queue_mail_if_registered(session, Cause(), Mail(SIGN_UP_ATTEMPT, email_address(email), body))


async def _add_link(
    session: WriteSession,
    kind: MailboxLinkKind,
    token: str,
    valid_for: datetime.timedelta,
    person: ColumnElement[bool],
) -> None:
    """For an unknown person no row is written, and the statement takes as long."""
    late = mailbox_links.c.expires_at <= func.now()
    theirs = mailbox_links.c.user_id.in_(select(users.c.id).where(person))
    await session.send_built(delete(mailbox_links).where(theirs, late))
    values = select(
        literal(new_id(), Uuid),
        users.c.id,
        literal(kind.value, Text),
        literal(digest_of(token), LargeBinary),
        func.now() + literal(valid_for),
    ).where(person)
    columns = ["id", "user_id", "kind", "digest", "expires_at"]
    await session.send_built(insert(mailbox_links).from_select(columns, values))


async def _person_of_link(session: WriteSession, kind: MailboxLinkKind, token: str) -> UserId:
    """The person of a link that is still valid. Raises LINK_NOT_VALID."""
    whose = select(mailbox_links.c.user_id).where(_valid(kind, token))
    user_id = (await session.execute(whose)).scalar_one_or_none()
    if user_id is None:
        raise Refusal(RefusalCode.LINK_NOT_VALID, field="token")
    return UserId(user_id)


async def _use_link(session: WriteSession, kind: MailboxLinkKind, token: str) -> UserId:
    """The person of the link, which is used up. Raises LINK_NOT_VALID.

    The person is locked before the link, as everywhere: verifying the address in another way deletes the
    person's links.
    """
    valid = _valid(kind, token)
    theirs = select(users.c.id).join(mailbox_links, mailbox_links.c.user_id == users.c.id).where(valid)
    await session.execute(theirs.with_for_update(key_share=True, of=users))
    used = delete(mailbox_links).where(valid).returning(mailbox_links.c.user_id)
    user_id = (await session.execute(used)).scalar_one_or_none()
    if user_id is None:
        raise Refusal(RefusalCode.LINK_NOT_VALID, field="token")
    return UserId(user_id)


def _valid(kind: MailboxLinkKind, token: str) -> ColumnElement[bool]:
    return and_(
        mailbox_links.c.digest == link_digest(token),
        mailbox_links.c.kind == kind.value,
        mailbox_links.c.expires_at > func.now(),
    )


def link_digest(token: str) -> Digest | None:
    """The digest that a link's secret is looked up and counted by; None for text that is no secret."""
    return digest(token, TokenKind.EMAIL_VERIFICATION, TokenKind.PASSWORD_RESET)
