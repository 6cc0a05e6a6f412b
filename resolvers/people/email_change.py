"""Another e-mail address: the new one is proved, the old one is told, and leads back for three days."""

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from authz.callers.tokens import TokenKind, generate
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import UserId
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.users import users
from resolvers.effects.mail_texts import letter, quoted
from resolvers.effects.outbox import Cause, Mail, queue_mail
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.people.links import NewLink, add_link, new_code
from resolvers.people.mail_kinds import EMAIL_CHANGE, EMAIL_CHANGE_ATTEMPT, EMAIL_CHANGED
from resolvers.people.pages import MailboxPages
from resolvers.people.passwords.proved_passwords import ProvedPassword, hold_password

CHANGE_VALID_FOR = datetime.timedelta(days=1)
WAY_BACK_FOR = datetime.timedelta(hours=72)


@dataclass(frozen=True)
class EmailChange:
    """The address that the person wants."""

    email: str
    pages: MailboxPages


async def request_email_change(session: WriteSession, proved: ProvedPassword, command: EmailChange) -> UserId:
    """Mail a link and a code to the new address; the person has it once one of them is used. Where somebody
    has verified that address, the same is done, and that person is told instead (T13).

    Raises BAD_USER_INPUT, also for the address that the person has verified, RateLimited,
    PasswordChangedError.
    """
    email = email_address(command.email)
    await hold_password(session, proved)
    verified = users.c.email_verified_at.is_not(None)
    holder = select(users.c.id, users.c.email).where(users.c.email_canonical == email.canonical, verified)
    row = (await session.execute(holder)).one_or_none()
    if row is not None and row.id == proved.user_id:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "This is your address.", "email")
    token, code = generate(TokenKind.EMAIL_VERIFICATION), new_code()
    link = NewLink(MailboxLinkKind.EMAIL_VERIFICATION, token, CHANGE_VALID_FOR, code, email)
    await add_link(session, link, users.c.id == proved.user_id)
    if row is None:
        mail = Mail(EMAIL_CHANGE, email, _request(f"{command.pages.verification}#{token}", code))
    else:
        mail = Mail(EMAIL_CHANGE_ATTEMPT, EmailAddress(row.email, email.canonical), _attempt())
    await queue_mail(session, Cause(), mail)
    return proved.user_id


async def change_address(
    session: WriteSession, user_id: UserId, address: EmailAddress, pages: MailboxPages
) -> None:
    """Give the person, who is locked, the address that it proved. A verified old address is told, with a link
    that leads back to it. Other links end, but for those that lead back."""
    current = select(users.c.email, users.c.email_canonical, users.c.email_verified_at)
    old = (await session.execute(current.where(users.c.id == user_id))).one()
    await _write(session, user_id, address)
    leads_back = mailbox_links.c.kind == MailboxLinkKind.PASSWORD_RESET.value
    kept = leads_back & mailbox_links.c.email.is_not(None)
    await session.send_built(delete(mailbox_links).where(mailbox_links.c.user_id == user_id, ~kept))
    if old.email_verified_at is None or old.email_canonical == address.canonical:
        return
    earlier, token = EmailAddress(old.email, old.email_canonical), generate(TokenKind.PASSWORD_RESET)
    back = NewLink(MailboxLinkKind.PASSWORD_RESET, token, WAY_BACK_FOR, address=earlier)
    await add_link(session, back, users.c.id == user_id)
    body = _changed(address, f"{pages.password}#{token}")
    await queue_mail(session, Cause(), Mail(EMAIL_CHANGED, earlier, body))


async def _write(session: WriteSession, user_id: UserId, address: EmailAddress) -> None:
    values = {
        "email": address.original,
        "email_canonical": address.canonical,
        "email_verified_at": func.now(),
        "version": users.c.version + 1,
    }
    await session.send_built(update(users).where(users.c.id == user_id).values(values))


def _request(link: str, code: str) -> str:
    return letter(
        "Somebody wants to use this e-mail address for Mandant from now on. If it was you, open this link "
        "within a day and confirm it:",
        f"Or type this code where you asked for it: {code}",
        "If it was not you, confirm nothing and tell nobody the code.",
        link=link,
    )


def _attempt() -> str:
    return letter(
        "Somebody wanted to change their e-mail address for Mandant to this one, but it is yours: nothing "
        "was changed. If it was you, sign in with it.",
        "If it was not you, ignore this.",
    )


def _changed(address: EmailAddress, link: str) -> str:
    return letter(
        f"You use another e-mail address for Mandant from now on: {quoted(address.original)}. If it was not "
        "you, open this link within 72 hours and set a new password: that brings this address back, and ends "
        "all sessions, and the second factors, passkeys and API keys that were made since or in the 24 hours "
        "before.",
        "If it was you, ignore this.",
        link=link,
    )
