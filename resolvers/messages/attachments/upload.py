"""Storing uploaded files, for messages to bring. The same file of an account is stored once."""

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.policy.refusals import Refusal, RefusalCode
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of
from models.base.ids import AccountId, AttachmentId, Kind, new_id, present_in_account
from models.messages.attachments import attachments
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record
from resolvers.messages.store import TRIED_FOR
from resolvers.sending.lists.upload import VALID_FOR, authorize_upload

MOST_OF_AN_ACCOUNT = 500_000_000
"""Bytes that its files take, each at least LEAST."""

MOST_OF_A_TREE = 5_000_000_000
LEAST = 10_000


@dataclass(frozen=True)
class File:
    """An uploaded file. Its name and type were checked."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True)
class StoredFile:
    """A file that messages can name until it expires."""

    id: AttachmentId
    expires_at: datetime.datetime


async def store_file(
    session: WriteSession, principal: Principal, account_id: AccountId, file: File
) -> StoredFile:
    """Store the file for a day, or keep it for another one. Needs CAMPAIGNS_SEND or TRANSACTIONAL_SEND.
    Raises FAILED_PRECONDITION where the account, or its tree, has stored too much."""
    account = await authorize_upload(session, principal, account_id)
    id_ = AttachmentId(new_id())
    async with in_data_plane(session, account):
        await _check_room(session, account, len(file.content))
        row = (await session.execute(_storing(account, id_, file))).one()
    if row.id == id_:
        subject = present_in_account(Kind.ATTACHMENT, account.account_id, id_)
        told: Change = {"type": file.type, "size": len(file.content)}
        await record(session, principal, account, EventType.ATTACHMENT_UPLOADED, subject, None, told)
    return StoredFile(AttachmentId(row.id), row.expires_at)


async def _check_room(session: WriteSession, account: Place, size: int) -> None:
    file = attachments.c
    taken = func.sum(func.greatest(file.size, literal(LEAST)))
    own = taken.filter(file.account_id == account.account_id)
    statement = select(func.coalesce(own, 0), func.coalesce(taken, 0)).where(
        file.master_id == account.master_id
    )
    of_account, of_tree = (await session.execute(statement)).one()
    if of_account + size > MOST_OF_AN_ACCOUNT or of_tree + size > MOST_OF_A_TREE:
        message = "Too many files are stored. They are deleted three days after their upload."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message)


def _storing(account: Place, id_: AttachmentId, file: File) -> Any:
    values: dict[str, ColumnElement[Any] | Any] = {
        **columns_of(account),
        "id": id_,
        "name": file.name,
        "type": file.type,
        "size": len(file.content),
        "digest": _digest(file),
        "content": file.content,
        "expires_at": func.now() + literal(VALID_FOR),
        "needed_until": func.now() + literal(VALID_FOR + TRIED_FOR),
    }
    stored = attachments.c
    inserting = upsert(attachments).values(values)
    given = inserting.excluded
    return inserting.on_conflict_do_update(
        index_elements=["master_id", "account_id", "digest"],
        set_={
            "expires_at": given.expires_at,
            "needed_until": func.greatest(stored.needed_until, given.needed_until),
        },
    ).returning(stored.id, stored.expires_at)


def _digest(file: File) -> bytes:
    whole = hashlib.sha256()
    for part in (file.name.encode(), file.type.encode(), file.content):
        whole.update(hashlib.sha256(part).digest())
    return whole.digest()
