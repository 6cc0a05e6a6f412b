"""Checking the ledger."""

from resolvers.ledger_audit import Fault, audit
from server.database import connect_as_owner


async def ledger_faults(owner_url: str) -> list[Fault]:
    """What does not hold in the ledger, recomputed as its owner, who sees all trees."""
    database = connect_as_owner(owner_url)
    try:
        async with database.connect() as connection:
            return [fault async for fault in audit(connection)]
    finally:
        await database.dispose()
