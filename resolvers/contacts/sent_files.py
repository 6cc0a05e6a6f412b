"""Files that were sent to a person, erased with the messages (T23)."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ARRAY, Uuid, any_, delete, literal, select

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account, in_tree
from models.messages.attachments import attachments, message_attachments


async def forget_files(session: WriteSession, account: Place, message_ids: Sequence[uuid.UUID]) -> None:
    """These messages no longer show which files they brought. What is in the files is deleted, unless
    messages to others bring the same ones. To be called in the data plane."""
    attached, file = message_attachments.c, attachments.c
    these = attached.id == any_(literal(list(message_ids), ARRAY(Uuid)))
    forgetting = delete(message_attachments).where(in_account(message_attachments, account), these)
    forgotten = await session.execute(forgetting.returning(attached.attachment_id))
    ids = sorted(set(forgotten.scalars()))
    if not ids:
        return
    # Whoever sends one of them at this moment holds it. Its message is seen below, once that has ended.
    named = in_account(attachments, account), file.id == any_(literal(ids, ARRAY(Uuid)))
    await session.execute(select(file.id).where(*named).order_by(file.id).with_for_update())
    other = message_attachments.alias("other")
    brought = select(other.c.id).where(
        in_tree(other, attachments, account_id="account_id", attachment_id="id")
    )
    await session.send_built(delete(attachments).where(*named, ~brought.correlate(attachments).exists()))
