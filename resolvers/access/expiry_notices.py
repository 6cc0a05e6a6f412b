"""Telling of what is about to end, and of what has ended (N9).

A grant is told of seven days before its end and one day before, if it was given for longer than that, and
once it has ended: an event in the log of each account that it holds in, and before the end an e-mail to the
person who is about to lose it, one for all that is told at once. What was told is kept in `expiry_notices`,
so that each thing is told once; a moved end is another end.

The grants are of all trees, so that a function of the database's tells of them, as its owner. It answers no
more than whether it stopped for now. It writes and counts its mails itself, as `resolvers.effects.outbox`
does.
"""

from sqlalchemy import ARRAY, Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import new_id

BATCH = 1000
"""The most events of one transaction."""


async def tell_batch(session: WriteSession) -> bool:
    """Tell of up to BATCH ends, in the session's transaction. Whether it stopped at that many.

    Safe to run twice and at once: while another transaction tells, this one does nothing.
    """
    ids = [new_id() for _ in range(BATCH)]
    told = select(func.mandant_tell_expiries(literal(ids, ARRAY(Uuid))))
    return bool((await session.execute(told)).scalar_one())
