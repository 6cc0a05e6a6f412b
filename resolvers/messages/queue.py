"""Which accounts have messages that a worker has to hand over, and when."""

import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.messages.tables import delivery_queues


async def note_due(session: WriteSession, account: Place, at: datetime.datetime) -> None:
    """Have a worker look at the account's messages at this moment, or before it."""
    noted = upsert(delivery_queues).values(**columns_of(account), due_at=at)
    await session.send_built(
        noted.on_conflict_do_update(
            index_elements=["master_id", "account_id"],
            set_={"due_at": func.least(delivery_queues.c.due_at, noted.excluded.due_at)},
        )
    )
