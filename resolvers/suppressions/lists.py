"""The contact lists that recipients leave and subscribe to again. The session has entered the data plane."""

import uuid
from collections.abc import Set

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.contacts.tables import contact_lists


async def known_lists(session: WriteSession, account: Place, wanted: Set[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the lists that the account has. A deleted list is one of them until a worker has removed its
    members: its recipients still leave it."""
    if not wanted:
        return set()
    known = contact_lists.c
    statement = select(known.id).where(
        in_account(contact_lists, account), known.id == any_(literal(list(wanted), ARRAY(Uuid)))
    )
    return set((await session.execute(statement)).scalars())
