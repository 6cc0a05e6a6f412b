"""What messages, and what a partner's engine sent, are counted by."""

import uuid
from typing import Any

from sqlalchemy import Row

from engine.database.write_connection import FixedRow
from engine.text.forms import compared
from engine.text.remembered import remembered
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.inputs.phones import country_of
from resolvers.statistics.count import Source, domain_of


def source_to(
    canonical: str | None,
    *,
    channel: MessageChannel,
    stream: SendStream,
    label: str | None,
    api_key_id: uuid.UUID | None,
    campaign_id: uuid.UUID | None = None,
) -> Source:
    """What is counted of whatever goes to this canonical address. None: nobody knows it, or it was erased.
    `label`: as the account wrote it."""
    is_number = canonical is not None and canonical.startswith("+")
    return Source(
        channel=channel,
        stream=stream,
        api_key_id=api_key_id,
        campaign_id=campaign_id,
        label=None if label is None else _compared(label),
        domain=domain_of(canonical),
        country=country_of(str(canonical)) if is_number else None,
    )


def source_of_message(row: Row[Any] | FixedRow) -> Source:
    """That of a message by its row."""
    return source_to(
        row.recipient_canonical,
        channel=MessageChannel(row.channel),
        stream=SendStream(row.stream),
        label=row.label,
        api_key_id=row.api_key_id,
        campaign_id=row.campaign_id,
    )


class SourcesOfMessages:
    """Those of many messages. Most share theirs with others."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Source] = {}

    def of(self, row: FixedRow) -> Source:
        """That of a message by its row."""
        canonical = row["recipient_canonical"]
        to = canonical if canonical[:1] == "+" else domain_of(canonical)
        key = (row["channel"], row["stream"], row["label"], row["api_key_id"], row["campaign_id"], to)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = source_of_message(row)
        return found


@remembered(1_000)
def _compared(label: str) -> str:
    """Many messages share a label."""
    return compared(label)
