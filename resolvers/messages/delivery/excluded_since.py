"""Recipients that were blocked, unsubscribed or bounced since their messages were taken in (R68, R77)."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, func, literal, update

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, AccountKey, MasterId
from models.messages.tables import MessageStatus, messages
from models.sending.tables import SendStream
from resolvers.inputs.address_digests import ContactDigest
from resolvers.sending.address_hash import Recipients
from resolvers.sending.left_out import WritingPlanes, find_left_out
from resolvers.sending.senders import read_sender
from resolvers.suppressions.exclusions import Exclusion

EXCLUDED = {
    Exclusion.BLOCK_LIST: "The recipient is on a block list.",
    Exclusion.UNSUBSCRIBE: "The recipient has unsubscribed.",
    Exclusion.BOUNCE: "Messages to the recipient bounced.",
}

_Rows = Sequence[Row[Any]]


async def without_excluded(session: WriteSession, master_id: MasterId, claimed: _Rows) -> _Rows:
    """The messages that may still go out. The others end as EXCLUDED.

    What excludes a recipient is found by the one definition that the gate uses.
    """
    groups: dict[tuple[uuid.UUID, str, uuid.UUID | None], list[Row[Any]]] = defaultdict(list)
    for row in claimed:
        groups[row.account_id, row.stream, row.contact_list_id].append(row)
    found: dict[uuid.UUID, Exclusion] = {}
    for (account_id, stream, list_id), rows in groups.items():
        place = AccountKey(master_id, AccountId(account_id))
        sender = await read_sender(session, place, () if list_id is None else (list_id,))
        digests = [ContactDigest(row.recipient_digest) for row in rows]
        planes = WritingPlanes(session, sender)
        left_out = await find_left_out(planes, sender, SendStream(stream), Recipients(digests=digests))
        causes = left_out.causes
        excluded = {row.id: causes[row.recipient_digest] for row in rows if row.recipient_digest in causes}
        await _end(session, place, excluded)
        found |= excluded
    return [row for row in claimed if row.id not in found]


async def _end(session: WriteSession, place: AccountKey, excluded: Mapping[uuid.UUID, Exclusion]) -> None:
    async with in_data_plane(session, place):
        for cause in sorted(set(excluded.values()), key=lambda each: each.value):
            ids = [id_ for id_, why in excluded.items() if why is cause]
            await session.send_built(
                update(messages)
                .where(
                    messages.c.master_id == place.master_id,
                    messages.c.account_id == place.account_id,
                    messages.c.id == any_(literal(ids, ARRAY(Uuid))),
                )
                .values(
                    status=MessageStatus.EXCLUDED.value,
                    settled_at=func.now(),
                    answer=f"{EXCLUDED[cause]} ({cause.value})",
                )
            )
