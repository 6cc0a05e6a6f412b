"""Which webhooks new events of the log concern.

Whoever writes an event does nothing for webhooks, and no webhook looks into the log by itself. Workers route
what is new: one statement finds the webhooks that it concerns, of all trees, and notes for each of them from
which transaction on there is something to be read. So an event costs what the webhooks cost that it concerns,
however many others there are in its tree.

What has no note has nothing to read below the place up to which the log is routed.
"""

from sqlalchemy import func, select

from engine.writes.sessions import WriteSession


async def route_events(session: WriteSession) -> bool:
    """Note the webhooks that the next events of the log concern. Returns whether there may be more events."""
    return bool((await session.execute(select(func.mandant_route_events()))).scalar_one())
