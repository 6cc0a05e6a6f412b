"""Back to an earlier address: what was set up in the person's name since the day before the change ends.

Whoever has changed the address may have been a thief, who has set up a second factor first. What the person
has had for longer stays: it keeps out somebody who has nothing but the earlier mailbox. Sessions end with
every new password, and narrowed tokens with their sessions and keys.
"""

import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from engine.writes.sessions import WriteSession
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.base.ids import Kind, MasterId, UserId
from models.effects.events import events
from models.second_factor.tables import (
    factor_challenges,
    factor_resets,
    passkeys,
    recovery_codes,
    totp_secrets,
)
from resolvers.effects.event_types import EventType
from resolvers.people.made_keys import enter_as, leave, revoke_keys

BEFORE_THE_CHANGE = datetime.timedelta(hours=24)
"""How long before it a thief may have been at work unnoticed."""


async def undo_change(session: WriteSession, user_id: UserId, changed_at: datetime.datetime) -> None:
    """Remove the factors and recovery codes that the person, who is locked, has got since the day before the
    change of the address, and the resets that were asked for; revoke the API keys that it has made or rotated
    since then, in all its trees."""
    since = changed_at - BEFORE_THE_CHANGE
    app = totp_secrets.c
    for table, added in (
        (totp_secrets, or_(app.confirmed_at.is_(None), app.confirmed_at >= since)),
        (passkeys, passkeys.c.created_at >= since),
        (recovery_codes, recovery_codes.c.created_at >= since),
        (factor_resets, factor_resets.c.created_at >= since),
        (factor_challenges, factor_challenges.c.created_at >= since),
    ):
        await session.send_built(delete(table).where(table.c.user_id == user_id, added))
    own = recovery_codes.c.user_id == user_id
    await session.send_built(delete(recovery_codes).where(own, ~_has_factor(user_id)))
    principal = await enter_as(session, user_id)
    mine = _made_or_rotated(user_id, since)
    found = select(api_keys.c.master_id).where(mine, api_keys.c.revoked_at.is_(None)).distinct()
    trees = [MasterId(each) for each in (await session.execute(found)).scalars()]
    await revoke_keys(session, principal, trees, mine)
    await leave(session, principal)


def _has_factor(user_id: UserId) -> ColumnElement[bool]:
    return or_(
        exists().where(totp_secrets.c.user_id == user_id),
        exists().where(passkeys.c.user_id == user_id),
    )


def _made_or_rotated(user_id: UserId, since: datetime.datetime) -> ColumnElement[bool]:
    """Who rotates a key learns its new secret."""
    made = (api_keys.c.creator_user_id == user_id) & (api_keys.c.created_at >= since)
    rotated = (
        exists()
        .where(
            in_tree(events, api_keys),
            events.c.subject_id == func.concat(f"{Kind.API_KEY}_", api_keys.c.id),
            events.c.type == EventType.API_KEY_ROTATED.value,
            events.c.actor_user_id == user_id,
            events.c.created_at >= since,
        )
        .correlate(api_keys)
    )
    return or_(made, rotated)
