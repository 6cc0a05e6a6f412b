"""Notices about grants that end soon or have ended (N9).

A grant is announced seven days and one day before its end, if it was given for longer than that, and again
once it has ended. Each time the log of each account where it holds gets an event. Before the end, the person
who loses it also gets a mail. One mail lists all grants that are announced together. `expiry_notices` stores
what was announced, so that each end is announced once. A moved end is another end.

The grants belong to all trees, so that a stored function announces them with the rights of the tables' owner.
It returns only whether it stopped at its limit. It writes and counts mails as `resolvers.effects.outbox`
does.
"""

from sqlalchemy import ARRAY, Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import new_id

BATCH = 20
"""The most events of one transaction. To find out who lost what takes up to a tenth of a second for each."""


async def tell_batch(session: WriteSession) -> bool:
    """Announce up to BATCH ends in the session's transaction. Returns whether it stopped at that many.

    It is safe to run twice and at once: while another transaction announces, this one does nothing.
    """
    ids = [new_id() for _ in range(BATCH)]
    announced = select(func.mandant_tell_expiries(literal(ids, ARRAY(Uuid))))
    return bool((await session.execute(announced)).scalar_one())
