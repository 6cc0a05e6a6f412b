"""Files that were uploaded, and those of messages, read. The caller is in the data plane."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, func, literal, select

from authz.policy.refusals import NotFound, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import AccountId, AttachmentId, MasterId
from models.messages.attachments import MOST_BYTES, attachments, message_attachments
from resolvers.messages.attachments.given import NamedFile, place_of


@dataclass(frozen=True)
class KnownFile:
    """A file that messages can name."""

    name: str
    type: str
    size: int


@dataclass(frozen=True)
class AttachedFile:
    """A file of a claimed message."""

    id: AttachmentId
    name: str
    type: str
    size: int
    content_id: str | None


async def read_files(
    session: WriteSession, account: Place, ids: Collection[AttachmentId]
) -> Mapping[AttachmentId, KnownFile]:
    """Those of these files that have not expired. They stay until the end of the transaction: whoever
    erases their recipients waits for it."""
    if not ids:
        return {}
    file = attachments.c
    statement = (
        select(file.id, file.name, file.type, file.size)
        .where(
            in_account(attachments, account),
            file.id == any_(literal(list(ids), ARRAY(Uuid))),
            file.expires_at > func.now(),
        )
        # As all who lock several.
        .order_by(file.id)
        .with_for_update(read=True, key_share=True)
    )
    return {
        AttachmentId(row.id): KnownFile(row.name, row.type, row.size)
        for row in await session.execute(statement)
    }


def check_files(named: Sequence[NamedFile], known: Mapping[AttachmentId, KnownFile]) -> None:
    """Raise NOT_FOUND for a file that is not there, and BAD_USER_INPUT where all are too large together."""
    for index, each in enumerate(named):
        if each.id not in known:
            raise NotFound(place_of(index))
    size = sum(known[each.id].size for each in named)
    if size > MOST_BYTES:
        message = f"All files of a message have at most {MOST_BYTES:,} bytes together."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "attachments")


async def read_attached(
    session: WriteSession, master_id: MasterId, rows: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, Sequence[AttachedFile]]:
    """The files of these rows of messages, by the messages' ids. Those of campaigns have none."""
    may_have = [row for row in rows if row.campaign_id is None]
    if not may_have:
        return {}
    file = message_attachments.c
    statement = (
        select(file.id, file.attachment_id, file.name, file.type, file.size, file.content_id)
        .where(
            file.master_id == master_id,
            file.account_id == any_(literal(sorted({row.account_id for row in may_have}), ARRAY(Uuid))),
            file.id == any_(literal([row.id for row in may_have], ARRAY(Uuid))),
        )
        .order_by(file.id, file.position)
    )
    found: dict[uuid.UUID, list[AttachedFile]] = {}
    for row in await session.execute(statement):
        attached = AttachedFile(AttachmentId(row.attachment_id), row.name, row.type, row.size, row.content_id)
        found.setdefault(row.id, []).append(attached)
    return found


async def read_content(
    session: WriteSession, master_id: MasterId, account_id: AccountId, id_: AttachmentId
) -> bytes | None:
    """What is in the file; None: it is gone."""
    file = attachments.c
    statement = select(file.content).where(
        file.master_id == master_id, file.account_id == account_id, file.id == id_
    )
    found: bytes | None = (await session.execute(statement)).scalar_one_or_none()
    return found
