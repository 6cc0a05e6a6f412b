"""The links that are mailed to a person: how they are kept, found and used up."""

import datetime
import hashlib
import secrets
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
)

from authz.callers.tokens import Digest, TokenKind, digest, digest_of
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import UserId, new_id
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.users import users
from resolvers.inputs.emails import EmailAddress

_CODES = 1_000_000


@dataclass(frozen=True)
class NewLink:
    """`token`: its secret. `code`: the digits that do the same in a session of the person. `address`: what
    the person has once the link is used; None: the address that it has."""

    kind: MailboxLinkKind
    token: str
    valid_for: datetime.timedelta
    code: str | None = None
    address: EmailAddress | None = None


@dataclass(frozen=True)
class UsedLink:
    """Whose link it was, and since when. `address`: see `NewLink`."""

    user_id: UserId
    address: EmailAddress | None
    made_at: datetime.datetime


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(_CODES):06}"


async def add_link(session: WriteSession, link: NewLink, person: ColumnElement[bool]) -> None:
    """For an unknown person no row is written, and the statement takes as long."""
    late = mailbox_links.c.expires_at <= func.now()
    theirs = mailbox_links.c.user_id.in_(select(users.c.id).where(person))
    await session.send_built(delete(mailbox_links).where(theirs, late))
    found, address = digest_of(link.token), link.address
    values = {
        "id": literal(new_id(), Uuid),
        "user_id": users.c.id,
        "kind": literal(link.kind.value, Text),
        "digest": literal(found, LargeBinary),
        "expires_at": func.now() + literal(link.valid_for),
        "email": literal(None if address is None else address.original, Text),
        "email_canonical": literal(None if address is None else address.canonical, Text),
        "code_digest": literal(None if link.code is None else _digest_of_code(found, link.code), LargeBinary),
    }
    rows = select(*values.values()).where(person)
    await session.send_built(insert(mailbox_links).from_select(list(values), rows))


async def person_of_link(session: WriteSession, kind: MailboxLinkKind, found: Digest | None) -> UserId:
    """The person of a link that is still valid. Raises LINK_NOT_VALID."""
    whose = select(mailbox_links.c.user_id).where(_valid(kind, found))
    user_id = (await session.execute(whose)).scalar_one_or_none()
    if user_id is None:
        raise Refusal(RefusalCode.LINK_NOT_VALID, field="token")
    return UserId(user_id)


async def use_link(session: WriteSession, kind: MailboxLinkKind, found: Digest | None) -> UsedLink:
    """The link, which is used up. Raises LINK_NOT_VALID.

    The person is locked before the link, as everywhere: verifying the address in another way deletes the
    person's links.
    """
    valid = _valid(kind, found)
    theirs = select(users.c.id).join(mailbox_links, mailbox_links.c.user_id == users.c.id).where(valid)
    await session.execute(theirs.with_for_update(key_share=True, of=users))
    used = delete(mailbox_links).where(valid).returning(*mailbox_links.c)
    row = (await session.execute(used)).one_or_none()
    if row is None:
        raise Refusal(RefusalCode.LINK_NOT_VALID, field="token")
    address = None if row.email is None else EmailAddress(row.email, row.email_canonical)
    return UsedLink(UserId(row.user_id), address, row.created_at)


async def link_of_code(session: WriteSession, user_id: UserId, code: str) -> Digest:
    """The digest of the person's valid link with this code. Raises LINK_NOT_VALID."""
    of_person = and_(mailbox_links.c.user_id == user_id, mailbox_links.c.expires_at > func.now())
    statement = select(mailbox_links.c.digest, mailbox_links.c.code_digest).where(
        of_person, mailbox_links.c.code_digest.is_not(None)
    )
    for row in (await session.execute(statement)).all():
        if secrets.compare_digest(row.code_digest, _digest_of_code(row.digest, code.strip())):
            return Digest(row.digest)
    message = "The code is wrong or has expired. After several wrong ones only the link of the mail helps."
    raise Refusal(RefusalCode.LINK_NOT_VALID, message, "code")


async def refuse_taken(session: WriteSession, user_id: UserId, canonical: str | None = None) -> None:
    """Raise LINK_NOT_VALID where somebody else has verified the address; None: the person's own."""
    own = select(users.c.email_canonical).where(users.c.id == user_id).scalar_subquery()
    other = select(users.c.id).where(
        users.c.email_canonical == (own if canonical is None else canonical),
        users.c.email_verified_at.is_not(None),
        users.c.id != user_id,
    )
    if (await session.execute(other)).scalar_one_or_none() is not None:
        raise Refusal(RefusalCode.LINK_NOT_VALID, field="token")


def link_digest(token: str) -> Digest | None:
    """The digest that a link's secret is looked up and counted by; None for text that is no secret."""
    return digest(token, TokenKind.EMAIL_VERIFICATION, TokenKind.PASSWORD_RESET)


def _valid(kind: MailboxLinkKind, found: Digest | None) -> ColumnElement[bool]:
    return and_(
        mailbox_links.c.digest == found,
        mailbox_links.c.kind == kind.value,
        mailbox_links.c.expires_at > func.now(),
    )


def _digest_of_code(link: bytes, code: str) -> bytes:
    return hashlib.sha256(link + code.encode()).digest()
