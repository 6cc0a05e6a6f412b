"""Takeover: the owner of a mailbox gets what was made with its address before the address was verified.

Nobody but the owner can be in that person's tree: nothing is mailed to others from it (see
`resolvers.effects.outbox`), and no offer was accepted with the address. So only sessions, devices and API
keys of the earlier user have to end.
"""

from sqlalchemy import ColumnElement, delete, false, func, select, true, update

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, UserId
from models.people.mailbox_links import MailboxLinkKind, mailbox_links
from models.people.sessions import sessions
from models.people.users import ownerships, users
from resolvers.inputs.emails import EmailAddress
from resolvers.people.devices import forget_devices
from resolvers.people.made_keys import enter_as, leave, revoke_keys

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
    principal = await enter_as(session, user_id)
    await revoke_keys(session, principal, [owned], true())
    await leave(session, principal)


async def _lock(session: WriteSession, user_id: UserId) -> bool:
    """Lock the person, so that nobody else verifies the address meanwhile. Returns whether it was
    verified."""
    statement = select(users.c.email_verified_at).where(users.c.id == user_id)
    locked = statement.with_for_update(key_share=True)
    return (await session.execute(locked)).scalar_one() is not None


async def _owned(session: WriteSession, user_id: UserId) -> MasterId | None:
    """The master account that the person owns. A subaccount is owned by invitation only, which verifies the
    address."""
    statement = select(ownerships.c.master_id).where(
        ownerships.c.user_id == user_id, ownerships.c.master_id == ownerships.c.account_id
    )
    master_id = (await session.execute(statement)).scalar_one_or_none()
    return None if master_id is None else MasterId(master_id)
