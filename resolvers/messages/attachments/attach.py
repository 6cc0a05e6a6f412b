"""Messages that are written get their files. The caller is in the data plane."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    any_,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import AttachmentId, MessageId
from models.messages.attachments import attachments, message_attachments
from resolvers.messages.attachments.read import KnownFile
from resolvers.messages.given import ReadMessage
from resolvers.messages.store import TRIED_FOR


async def attach(
    session: WriteSession,
    account: Place,
    messages: Mapping[MessageId, ReadMessage],
    known: Mapping[AttachmentId, KnownFile],
) -> None:
    """The messages have their files, and these stay until the last message was tried for the last time."""
    rows = [
        (id_, position, file.id, known[file.id], file.content_id)
        for id_, message in messages.items()
        for position, file in enumerate(message.attachments)
    ]
    if not rows:
        return
    given = _table(
        id=literal([row[0] for row in rows], ARRAY(Uuid)),
        position=literal([row[1] for row in rows], ARRAY(BigInteger)),
        attachment_id=literal([row[2] for row in rows], ARRAY(Uuid)),
        name=literal([row[3].name for row in rows], ARRAY(Text)),
        type=literal([row[3].type for row in rows], ARRAY(Text)),
        size=literal([row[3].size for row in rows], ARRAY(BigInteger)),
        content_id=literal([row[4] for row in rows], ARRAY(Text)),
    )
    place = {name: literal(value, Uuid) for name, value in columns_of(account).items()}
    values = place | {column.name: column for column in given.c}
    attaching = upsert(message_attachments).from_select(list(values), select(*values.values()))
    await session.send_built(attaching.on_conflict_do_nothing())
    await _keep(session, account, _needed_until(messages.values()))


def _needed_until(messages: Iterable[ReadMessage]) -> Mapping[AttachmentId, datetime.datetime]:
    """Until when files of messages that wait for a later time may be handed over. Those of all others are
    kept long enough as they are uploaded."""
    needed: dict[AttachmentId, datetime.datetime] = {}
    for message in messages:
        if message.send_at is not None:
            last = message.send_at + TRIED_FOR
            needed |= {file.id: max(last, needed.get(file.id, last)) for file in message.attachments}
    return needed


async def _keep(
    session: WriteSession, account: Place, needed: Mapping[AttachmentId, datetime.datetime]
) -> None:
    if not needed:
        return
    file = attachments.c
    ids = literal(list(needed), ARRAY(Uuid))
    given = _table(id=ids, moment=literal(list(needed.values()), ARRAY(DateTime(timezone=True)))).c
    locked = (
        select(file.id)
        .where(in_account(attachments, account), file.id == any_(ids))
        .order_by(file.id)
        .with_for_update(key_share=True)
        .cte("locked")
    )
    await session.send_built(
        update(attachments)
        .where(
            in_account(attachments, account),
            file.id == locked.c.id,
            file.id == given.id,
            file.needed_until < given.moment,
        )
        .values(needed_until=given.moment)
    )


def _table(**columns: ColumnElement[Any]) -> Any:
    return func.unnest(*columns.values()).table_valued(*columns).render_derived()
