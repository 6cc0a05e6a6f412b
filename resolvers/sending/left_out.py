"""Recipients that are left out of a send: blocked, unsubscribed or bounced (R68, R77, R79).

They are found before anything is counted. No statement names both the recipients of an uploaded list and what
excludes them: the control plane gives the digests, some parts of the list at a time, and the data plane says
which of these are excluded.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Select, select

from authz.wall.tree_door import in_data_plane
from engine.database.snapshot import Reader
from engine.writes.sessions import WriteSession
from models.base.ids import RecipientListId
from models.sending.recipient_lists import recipient_list_parts
from models.sending.tables import SendStream
from resolvers.inputs.address_digests import ContactDigest
from resolvers.sending.address_hash import Recipients
from resolvers.sending.lists.recipient_rows import Given
from resolvers.suppressions.exclusions import EXCLUDED_BY, Exclusion, Sender, asked_of, first_exclusions

PARTS_AT_ONCE = 100
"""A hundred thousand recipients."""

DIGESTS_AT_ONCE = 100_000


@dataclass(frozen=True)
class LeftOut:
    """The digests of those that are left out, with the first cause of each."""

    causes: Mapping[bytes, Exclusion] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[Exclusion, int]:
        """How many there are of each cause."""
        return Counter(self.causes.values())


class Planes(Protocol):
    """What reads both planes in one transaction, one after the other."""

    async def control(self, statement: Select[Any]) -> Sequence[Mapping[str, Any]]:
        """The rows of a statement of the control plane."""

    async def data(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The rows of a statement of the data plane, with the values that it names."""


@dataclass(frozen=True)
class WritingPlanes:
    """Those of a write, for this sender."""

    session: WriteSession
    sender: Sender

    async def control(self, statement: Select[Any]) -> Sequence[Mapping[str, Any]]:
        """See `Planes`."""
        rows = (await self.session.execute(statement)).mappings().all()
        return [dict(row) for row in rows]

    async def data(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """See `Planes`."""
        async with in_data_plane(self.session, self.sender):
            return [dict(row) for row in (await self.session.execute(statement, values)).mappings().all()]


@dataclass(frozen=True)
class ReadingPlanes:
    """Those of a query, for this sender."""

    reader: Reader
    sender: Sender

    async def control(self, statement: Select[Any]) -> Sequence[Mapping[str, Any]]:
        """See `Planes`."""
        return await self.reader.rows(statement)

    async def data(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """See `Planes`."""
        return await self.reader.far_rows(self.sender.master_id, statement, values)


async def find_left_out(planes: Planes, sender: Sender, stream: SendStream, given: Given) -> LeftOut:
    """Who of the recipients is not sent to on the stream. What was committed before counts."""
    causes: dict[bytes, Exclusion] = {}
    if isinstance(given, Recipients):
        for first in range(0, len(given.digests), DIGESTS_AT_ONCE):
            some = given.digests[first : first + DIGESTS_AT_ONCE]
            causes |= await _excluded(planes, sender, stream, some)
        return LeftOut(causes)
    first = 0
    while digests := await _parts(planes, sender, given, first):
        causes |= await _excluded(planes, sender, stream, digests)
        first += PARTS_AT_ONCE
    return LeftOut(causes)


async def _parts(planes: Planes, sender: Sender, list_id: RecipientListId, first: int) -> list[ContactDigest]:
    """The digests of some parts of a list, in their order; none behind the last part."""
    part = recipient_list_parts.c
    statement = (
        select(part.digests)
        .where(part.master_id == sender.master_id, part.list_id == list_id)
        .where(part.part >= first, part.part < first + PARTS_AT_ONCE)
        .order_by(part.part)
    )
    return [digest for row in await planes.control(statement) for digest in row["digests"]]


async def _excluded(
    planes: Planes, sender: Sender, stream: SendStream, digests: Sequence[ContactDigest]
) -> dict[bytes, Exclusion]:
    if not digests:
        return {}
    statement = first_exclusions(sender.unsubscribe_scope, EXCLUDED_BY[stream])
    rows = await planes.data(statement, asked_of(sender, digests))
    causes = list(Exclusion)
    return {row["digest"]: causes[row["cause"]] for row in rows}
