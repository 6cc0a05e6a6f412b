"""What was sent to a person: told with all else that is kept of it, and erased (T23).

A message stays as a row that counts. What it says of its recipient is removed, and so are its text and its
files, unless others got the same ones.
"""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, Uuid, any_, case, func, literal, null, select, update

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account, in_tree
from models.messages.tables import MessageStatus, message_bodies, messages
from resolvers.contacts.evidence import ERASED
from resolvers.contacts.sent_files import forget_files

NOBODY = b""
"""The digest of no address."""


async def forget_messages(session: WriteSession, account: Place, addresses: Collection[str]) -> None:
    """The account's messages to these canonical addresses no longer show whom they went to, nor what they
    said to that person alone. Those that wait are canceled. To be called in the data plane."""
    if not addresses:
        return
    message = messages.c
    found = (
        select(message.id, message.body_id)
        .where(
            in_account(messages, account),
            message.recipient_canonical == any_(literal(list(addresses), ARRAY(Text))),
        )
        .order_by(message.id)
        .with_for_update()
    )
    rows = (await session.execute(found)).all()
    if not rows:
        return
    is_waiting = message.status == MessageStatus.WAITING.value
    await session.send_built(
        update(messages)
        .where(
            in_account(messages, account), message.id == any_(literal([row.id for row in rows], ARRAY(Uuid)))
        )
        .values(
            recipient=ERASED,
            recipient_canonical=ERASED,
            recipient_digest=NOBODY,
            contact_id=null(),
            variables=null(),
            headers=null(),
            answer=null(),
            status=case((is_waiting, MessageStatus.CANCELED.value), else_=message.status),
            settled_at=case((is_waiting, func.now()), else_=message.settled_at),
        )
    )
    await forget_files(session, account, [row.id for row in rows])
    bodies = sorted({row.body_id for row in rows if row.body_id is not None})
    if bodies:
        other = messages.alias("other")
        shared = in_tree(other, message_bodies, account_id="account_id", body_id="id")
        elsewhere = select(other.c.id).where(shared, other.c.recipient_canonical != ERASED)
        await session.send_built(
            update(message_bodies)
            .where(
                in_account(message_bodies, account),
                message_bodies.c.id == any_(literal(bodies, ARRAY(Uuid))),
                ~elsewhere.correlate(message_bodies).exists(),
            )
            .values(subject=ERASED, text=ERASED, html=null())
        )
