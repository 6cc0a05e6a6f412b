"""Takeover: the owner of a mailbox gets what was made with its address before the address was verified.

Nobody but the owner can be in that person's tree: nothing is mailed to others from it (see
`resolvers.effects.outbox`), and no offer was accepted with the address. So only sessions, devices and API
keys of the earlier user have to end.
"""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, false, func, select, update

from authz.callers.principals import Credentials, Principal, PrincipalKind
from authz.callers.tokens import digest_of
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_tree
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, Kind, MasterId, UserId, present
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.sessions import sessions
from models.people.users import ownerships, users
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.inputs.emails import EmailAddress
from resolvers.people.devices import forget_devices
from resolvers.people.sign_in import open_session

_RESET = MailboxLinkKind.PASSWORD_RESET.value


async def replace_password(
    session: WriteSession, user_id: UserId, password_hash: str, address: EmailAddress | None = None
) -> None:
    """Give the person a new password after the mailbox was proved, of `address` where that is another one,
    which the person then has again. Sessions and known devices end, and mailed links but for those that lead
    back to an earlier address; by one of these, all. If the address was not verified before, the API keys of
    its account end too, because somebody else may have made them."""
    was_verified = await _lock(session, user_id)
    proved = func.coalesce(users.c.email_verified_at, func.now())
    values: dict[str, object] = {"password_hash": password_hash, "email_verified_at": proved}
    kept: ColumnElement[bool] = false()
    if address is None:
        kept = mailbox_links.c.email.is_not(None) & (mailbox_links.c.kind == _RESET)
    else:
        values |= {"email": address.original, "email_canonical": address.canonical}
    await session.send_built(update(users).where(users.c.id == user_id).values(values))
    await session.send_built(delete(sessions).where(sessions.c.user_id == user_id))
    await session.send_built(delete(mailbox_links).where(mailbox_links.c.user_id == user_id, ~kept))
    await forget_devices(session, user_id)
    if not was_verified:
        await _revoke_keys(session, user_id)


async def _revoke_keys(session: WriteSession, user_id: UserId) -> None:
    owned = await _owned(session, user_id)
    if owned is None:
        return
    principal = await _enter(session, user_id)
    await lock_tree(session, MasterId(owned.master_id))
    revoked = (
        update(api_keys)
        .where(api_keys.c.master_id == owned.master_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(api_keys.c.account_id, api_keys.c.id, api_keys.c.name)
    )
    for key in (await session.execute(revoked)).all():
        account, subject_id = _account(owned.master_id, key.account_id), present(Kind.API_KEY, key.id)
        await record(
            session, principal, account, EventType.API_KEY_REVOKED, subject_id, {"name": key.name}, None
        )
    await _leave(session, principal)


async def _lock(session: WriteSession, user_id: UserId) -> bool:
    """Lock the person, so that nobody else verifies the address meanwhile. Returns whether it was
    verified."""
    statement = select(users.c.email_verified_at).where(users.c.id == user_id)
    locked = statement.with_for_update(key_share=True)
    return (await session.execute(locked)).scalar_one() is not None


async def _owned(session: WriteSession, user_id: UserId) -> Row[*tuple[Any, ...]] | None:
    """The master account that the person owns. A subaccount is owned by invitation only, which verifies the
    address."""
    statement = select(ownerships.c.master_id, ownerships.c.account_id).where(
        ownerships.c.user_id == user_id, ownerships.c.master_id == ownerships.c.account_id
    )
    return (await session.execute(statement)).one_or_none()


async def _enter(session: WriteSession, user_id: UserId) -> Principal:
    """Enter the person's tree by a session, since the database shows a tree to its people alone. The session
    ends with the takeover."""
    signed_in = await open_session(session, user_id)
    credentials = Credentials(digest_of(signed_in.token))
    await enter(session, credentials)
    return Principal(PrincipalKind.PERSON, credentials, user_id, None)


async def _leave(session: WriteSession, principal: Principal) -> None:
    await session.send_built(delete(sessions).where(sessions.c.digest == principal.credentials.digest))


def _account(master_id: uuid.UUID, account_id: uuid.UUID) -> Authorized:
    return Authorized(MasterId(master_id), AccountId(account_id), 0, 0, AccountId(master_id))
