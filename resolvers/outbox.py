"""E-mail to be sent after the commit."""

from sqlalchemy import insert

from engine.write_sessions import WriteSession
from models.identifiers import new_id
from models.outbox import outbox_messages


async def queue(session: WriteSession, recipient: str, subject: str, body: str) -> None:
    """Send this once the transaction is committed, and never if it is not."""
    await session.execute(
        insert(outbox_messages).values(id=new_id(), recipient=recipient, subject=subject, body=body)
    )
