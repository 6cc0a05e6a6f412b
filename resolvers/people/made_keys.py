"""Ending API keys that another may have made in a person's name."""

import uuid
from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, func, update

from authz.callers.principals import Credentials, Principal, PrincipalKind
from authz.callers.tokens import digest_of
from authz.guards.exclusive import Authorized
from authz.guards.locks import lock_tree
from authz.wall.row_security import enter
from engine.writes.sessions import WriteSession
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, Kind, MasterId, UserId, present
from models.people.sessions import sessions
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record
from resolvers.people.sign_in import open_session


async def enter_as(session: WriteSession, user_id: UserId) -> Principal:
    """Enter the person's trees by a session, since the database shows a tree to its people alone. `leave`
    ends it."""
    signed_in = await open_session(session, user_id)
    credentials = Credentials(digest_of(signed_in.token))
    await enter(session, credentials)
    return Principal(PrincipalKind.PERSON, credentials, user_id, None)


async def leave(session: WriteSession, principal: Principal) -> None:
    """End the session of `enter_as`."""
    await session.send_built(delete(sessions).where(sessions.c.digest == principal.credentials.digest))


async def revoke_keys(
    session: WriteSession, principal: Principal, trees: Iterable[MasterId], which: ColumnElement[bool]
) -> None:
    """Revoke these keys of the trees, each with its event. The trees are locked in the order of their ids."""
    for master_id in sorted(set(trees)):
        await lock_tree(session, master_id)
        revoked = (
            update(api_keys)
            .where(api_keys.c.master_id == master_id, api_keys.c.revoked_at.is_(None), which)
            .values(revoked_at=func.now(), version=api_keys.c.version + 1)
            .returning(api_keys.c.account_id, api_keys.c.id, api_keys.c.name)
        )
        for key in (await session.execute(revoked)).all():
            account, subject_id = _account(master_id, key.account_id), present(Kind.API_KEY, key.id)
            before: dict[str, str | int | bool | list[str] | None] = {"name": key.name}
            await record(session, principal, account, EventType.API_KEY_REVOKED, subject_id, before)


def _account(master_id: MasterId, account_id: uuid.UUID) -> Authorized:
    return Authorized(master_id, AccountId(account_id), 0, 0, AccountId(master_id))
