"""Idempotency keys of messages: a message that is asked for again under its key is not sent again (T17)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, LargeBinary, Text, Uuid, any_, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, Place, columns_of, in_account, in_tree
from models.base.ids import MessageId
from models.messages.tables import MessageStatus, message_keys, messages
from resolvers.messages.given import ReadMessage


@dataclass(frozen=True)
class Earlier:
    """The message that has a key. `status` None: it was never written."""

    digest: bytes
    message_id: MessageId
    status: MessageStatus | None


async def claim_keys(
    session: WriteSession, account: Place, wanted: Mapping[MessageId, ReadMessage]
) -> set[str]:
    """Take the keys for these messages. Returns those that were free; the others have earlier messages.

    Of two requests at once the second waits for the end of the first. The caller is in the data plane.
    """
    # In one order, so that two requests with the same keys wait for each other without deadlock.
    rows = sorted(wanted.items(), key=lambda pair: pair[1].key)
    values = {
        "key": [message.key for _, message in rows],
        "digest": [message.digest for _, message in rows],
        "id": [id_ for id_, _ in rows],
    }
    return {row["key"] for row in await _CLAIM.rows(session, values | columns_of(account))}


def _claiming() -> FixedStatement:
    types: Mapping[str, Any] = {"key": Text(), "digest": LargeBinary(), "id": Uuid()}
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    given = func.unnest(*arrays).table_valued(*types).render_derived("given").c
    values = {
        "master_id": NAMED.master_id,
        "account_id": NAMED.account_id,
        **{name: given[name] for name in types},
    }
    rows = upsert(message_keys).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing().returning(message_keys.c.key))


_CLAIM = _claiming()


async def read_earlier(session: WriteSession, account: Place, keys: Sequence[str]) -> Mapping[str, Earlier]:
    """The messages that have these keys. The caller is in the data plane."""
    if not keys:
        return {}
    found, message = message_keys.alias(), messages.alias()
    this = in_tree(message, found, account_id="account_id", id="id")
    statement = (
        select(found.c.key, found.c.digest, found.c.id, message.c.status)
        .select_from(found.outerjoin(message, this & in_account(message, account)))
        .where(in_account(found, account), found.c.key == any_(literal(list(keys), ARRAY(Text))))
    )
    return {
        row.key: Earlier(
            row.digest,
            MessageId(uuid.UUID(str(row.id))),
            None if row.status is None else MessageStatus(row.status),
        )
        for row in await session.execute(statement)
    }


async def give_back(session: WriteSession, account: Place, keys: Sequence[str]) -> None:
    """Free the keys of messages that are not sent after all. The caller is in the data plane."""
    if keys:
        these = message_keys.c.key == any_(literal(list(keys), ARRAY(Text)))
        await session.send_built(delete(message_keys).where(in_account(message_keys, account), these))
