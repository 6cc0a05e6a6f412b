"""Erasing what a block entry shows of a person: it goes on counting by its digest (T23)."""

from collections.abc import Collection

from sqlalchemy import ARRAY, LargeBinary, any_, literal, update

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.block_list.tables import block_entries


async def forget_addresses(session: WriteSession, account: Place, digests: Collection[bytes]) -> None:
    """The account's entries of these addresses show neither address, hash nor source any more. To be called
    in the data plane, by whoever erases the contact."""
    wanted = any_(literal(list(digests), ARRAY(LargeBinary)))
    await session.send_built(
        update(block_entries)
        .where(in_account(block_entries, account), block_entries.c.digest == wanted)
        .values(sealed_address=None, sealed_hash=None, source=None)
    )
