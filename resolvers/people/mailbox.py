"""Proof that a person has the mailbox of its address: by a link that is mailed to it, or by its code."""

import datetime

from sqlalchemy import and_, delete, func, select, update

from authz.callers.principals import Principal
from authz.callers.tokens import Digest, TokenKind, generate
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession, WriteSessions
from models.base.ids import UserId
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.users import users
from resolvers.effects.mail_texts import letter
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress
from resolvers.people.email_change import change_address
from resolvers.people.links import (
    NewLink,
    add_link,
    link_digest,
    link_of_code,
    new_code,
    person_of_link,
    refuse_taken,
    use_link,
)
from resolvers.people.mail_kinds import EMAIL_VERIFICATION, SIGN_UP_ATTEMPT
from resolvers.people.pages import MailboxPages
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password

VERIFICATION_VALID_FOR = datetime.timedelta(days=7)


async def send_verification(
    session: WriteSession, user_id: UserId, email: EmailAddress, pages: MailboxPages
) -> None:
    """Mail the link and the code that verify the address. Where somebody else has verified it, the same is
    counted and done, and that person is told instead (T13). Raises RateLimited."""
    token, code = generate(TokenKind.EMAIL_VERIFICATION), new_code()
    link = NewLink(MailboxLinkKind.EMAIL_VERIFICATION, token, VERIFICATION_VALID_FOR, code)
    await add_link(session, link, users.c.id == user_id)
    holder = select(users.c.email).where(
        users.c.email_canonical == email.canonical, users.c.email_verified_at.is_not(None)
    )
    held_as = (await session.execute(holder)).scalar_one_or_none()
    if held_as is None:
        mail = Mail(EMAIL_VERIFICATION, email, _verification(f"{pages.verification}#{token}", code))
    else:
        mail = Mail(SIGN_UP_ATTEMPT, EmailAddress(held_as, email.canonical), _attempt(pages.password))
    await queue_mail(session, Cause(), mail)


def _verification(link: str, code: str) -> str:
    return letter(
        "Somebody signed up for Mandant with this e-mail address. If it was you, open this link within seven "
        "days and confirm it:",
        f"Or type this code where you signed up: {code}",
        "If it was not you, confirm nothing and tell nobody the code: unconfirmed, the address gives nobody "
        "anything.",
        link=link,
    )


def _attempt(password_page: str) -> str:
    return letter(
        "Somebody signed up for Mandant with this e-mail address, but it is yours: you have confirmed it "
        "before. If it was you, sign in with the password of then, or set a new one here:",
        "If it was not you, ignore this: without your mailbox the address gives nobody anything.",
        link=password_page,
    )


async def request_verification(session: WriteSession, principal: Principal, pages: MailboxPages) -> UserId:
    """Mail the link to the caller again; nothing where the address is verified. Raises RateLimited,
    PERSON_REQUIRED."""
    if principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    statement = select(users.c.email, users.c.email_canonical, users.c.email_verified_at)
    row = (await session.execute(statement.where(users.c.id == principal.user_id))).one()
    if row.email_verified_at is None:
        address = EmailAddress(row.email, row.email_canonical)
        await send_verification(session, principal.user_id, address, pages)
    return principal.user_id


async def prove_password_of_link(
    sessions: WriteSessions, turn: HashingTurn, link: Digest | None, password: str
) -> ProvedPassword:
    """Check the password of the person whose address the link verifies. Raises LINK_NOT_VALID,
    SIGN_IN_REFUSED."""
    async with sessions.begin() as session:
        user_id = await person_of_link(session, MailboxLinkKind.EMAIL_VERIFICATION, link)
        stored = select(users.c.password_hash).where(users.c.id == user_id)
        password_hash = (await session.execute(stored)).scalar_one()
    if not await turn.matches(password, password_hash):
        raise Refusal(RefusalCode.SIGN_IN_REFUSED, "The password is wrong.", "password")
    return ProvedPassword(user_id, password_hash)


async def link_of(
    session: WriteSession, principal: Principal | None, token: str | None, code: str | None
) -> Digest | None:
    """The link with this secret, or the one of the caller's own with this code. Raises BAD_USER_INPUT unless
    exactly one of the two is given, PERSON_REQUIRED, LINK_NOT_VALID."""
    if (token is None) == (code is None):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give either token or code.", "token")
    if code is None:
        return link_digest(token or "")
    if principal is None or principal.user_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED, "Sign in where you signed up.", "code")
    return await link_of_code(session, principal.user_id, code)


async def verify_email(
    session: WriteSession,
    principal: Principal | None,
    link: Digest | None,
    pages: MailboxPages,
    proved: ProvedPassword | None = None,
) -> UserId:
    """Note that the person has the mailbox of its address, or of the one that it changes to. `proved`: the
    person's password, for a request without a session of the person.

    The link alone is not enough: it may lie in the mailbox of somebody who never signed up, and opening it
    would verify the address for a stranger. Raises LINK_NOT_VALID, also where somebody else has verified the
    address meanwhile, WRONG_PERSON, PasswordChangedError, and PERSON_REQUIRED without a session and a
    password.
    """
    used = await use_link(session, MailboxLinkKind.EMAIL_VERIFICATION, link)
    if proved is not None:
        await hold_password(session, proved)
    elif principal is None or principal.user_id is None:
        message = "Sign in as the person who signed up, or give that person's password."
        raise Refusal(RefusalCode.PERSON_REQUIRED, message, "password")
    elif principal.user_id != used.user_id:
        raise Refusal(RefusalCode.WRONG_PERSON)
    if used.address is not None:
        await refuse_taken(session, used.user_id, used.address.canonical)
        await change_address(session, used.user_id, used.address, pages)
    else:
        await refuse_taken(session, used.user_id)
        await mark_verified(session, used.user_id)
    return used.user_id


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
