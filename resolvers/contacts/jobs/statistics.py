"""What PostgreSQL knows of contacts when it plans.

An import makes an account large within a minute. PostgreSQL looks at a table by itself only later, or when a
tenth of it is new. Until then it takes the account for a small one, and may read all of it to find a few of
its contacts.
"""

from sqlalchemy import func, select

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSessions
from models.contacts.tables import contact_list_members, contact_values, contacts
from models.effects.jobs import Job

_TABLES = ", ".join(table.name for table in (contacts, contact_values, contact_list_members))

_LIMIT = "60s"
_PATIENCE = 61.0
"""Seconds. It is longer than the database's limit, so that only a silent database is given up."""


async def tell_sizes(sessions: WriteSessions, job: Job) -> None:
    """Let PostgreSQL look at the tables of contacts, at those that nobody else has locked for it."""
    async with sessions.begin() as session:
        await session.execute(select(func.set_config("statement_timeout", _LIMIT, True)))
        session.wait_up_to(_PATIENCE)
        async with in_data_plane(session, job):
            await session.send(f"ANALYZE (SKIP_LOCKED) {_TABLES}", ())
