"""Who was left out of a reservation, as it stores that.

A repeated request gets the same answer, whoever was blocked in the meantime. So the reservation has the
numbers, and for recipients of a request also who they were. Of an uploaded list only the numbers are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.writes.sessions import WriteSession
from models.accounts.trees import InTree, row_of
from models.base.ids import SendReservationId
from models.sending.tables import send_reservations
from resolvers.effects.log import Change
from resolvers.sending.address_hash import Recipients
from resolvers.sending.left_out import LeftOut
from resolvers.sending.lists.recipient_rows import Given
from resolvers.suppressions.exclusions import Exclusion

_NUMBERS = {
    Exclusion.BLOCK_LIST: "blocked",
    Exclusion.UNSUBSCRIBE: "unsubscribed",
    Exclusion.BOUNCE: "bounced",
}
"""The columns, and the names in the log."""


@dataclass(frozen=True)
class StoredLeftOut:
    """How many are left out by each cause, and of a request: who, by their digests."""

    counts: Mapping[Exclusion, int]
    causes: Mapping[bytes, Exclusion]

    @classmethod
    def of(cls, left_out: LeftOut, given: Given) -> "StoredLeftOut":
        """What is stored of those of a request, or of a list."""
        return cls(left_out.counts, left_out.causes if isinstance(given, Recipients) else {})

    def columns(self) -> dict[str, Any]:
        """As the reservation's row has it."""
        found: dict[str, Any] = {name: self.counts.get(cause, 0) for cause, name in _NUMBERS.items()}
        found["left_out"] = list(self.causes) or None
        found["left_out_by"] = [cause.value for cause in self.causes.values()] or None
        return found

    def logged(self) -> Change:
        """As the log has it: numbers alone."""
        return {name: self.counts[cause] for cause, name in _NUMBERS.items() if self.counts.get(cause)}


async def read_stored(
    session: WriteSession, tree: InTree, reservation_id: SendReservationId
) -> Mapping[bytes, Exclusion]:
    """Who was left out of a reservation for recipients of a request, by their digests."""
    reservation = send_reservations.c
    statement = select(reservation.left_out, reservation.left_out_by).where(
        row_of(send_reservations, tree, reservation_id)
    )
    row = (await session.execute(statement)).one()
    pairs = zip(row.left_out or (), row.left_out_by or (), strict=True)
    return {digest: Exclusion(cause) for digest, cause in pairs}
