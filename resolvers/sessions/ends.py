"""When sessions end, and that they were used. Stored functions decide it (see `models/sessions/ends.sql`)."""

import datetime
import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, Uuid, func, literal, select

from authz.callers.tokens import Digest
from engine.writes.sessions import WriteSession
from models.base.ids import MasterId, UserId


def end_of_new_session(user_id: uuid.UUID) -> ColumnElement[datetime.datetime]:
    """When a session that begins now ends, unless it is used."""
    return func.mandant_session_end(literal(user_id, Uuid), func.now(), func.now())


async def note_session_uses(session: WriteSession, token_digests: Sequence[Digest]) -> None:
    """Note that the sessions with these secrets were used, to the minute."""
    noted = func.mandant_note_session_uses(literal(list(token_digests), ARRAY(LargeBinary)))
    await session.execute(select(noted))


async def limit_sessions_of(session: WriteSession, user_id: UserId) -> None:
    """Let the limits of a tree that the person has just come into hold for its open sessions."""
    await session.send_call(func.mandant_limit_sessions_of(literal(user_id, Uuid)))


async def limit_sessions_in(session: WriteSession, master_id: MasterId) -> None:
    """Let the limits of the tree that have just changed hold for all open sessions of its people."""
    await session.send_call(func.mandant_limit_sessions_in(literal(master_id, Uuid)))
