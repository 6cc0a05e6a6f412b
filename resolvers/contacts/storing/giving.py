"""One transaction of an account at a time gives contacts their addresses and ids.

Unique keys make a transaction wait for another one that gives the same key and is not committed. A contact
has three keys, so there is no order in which all transactions could give them: two of them would wait for
each other. They wait in front of the data plane instead, and inside they are alone: what they have looked up
stays so until they commit. Erasing gives nothing, and waits for no one but the contact's row.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import BigInteger, func, literal

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place

_BYTES = 8
"""Of the lock's number: the random ones at the end of the account's id."""


@asynccontextmanager
async def giving_addresses(session: WriteSession, account: Place) -> AsyncIterator[None]:
    """As `in_data_plane`, for what creates contacts or changes their addresses and ids. The wait takes no
    trip of its own. Raises DBAPIError, which becomes Busy, where others take too long."""
    number = int.from_bytes(account.account_id.bytes[-_BYTES:], signed=True)
    await session.send_call(func.pg_advisory_xact_lock(literal(number, BigInteger)))
    async with in_data_plane(session, account):
        yield
