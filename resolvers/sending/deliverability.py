"""Whether addresses can be sent to, and if not: why, since when, and who may lift it (N8).

Two statements, however many addresses there are: what the control plane knows of the sender, and what
excludes the addresses.
"""

import datetime
import enum
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from engine.database.snapshot import Reader
from models.base.ids import AccountId
from models.sending.tables import SendStream
from resolvers.inputs.addresses import Address, AddressFault
from resolvers.sending.senders import SeenSender
from resolvers.suppressions.exclusions import EXCLUDED_BY, Exclusion, asked_of, exclusions


class LiftedBy(enum.Enum):
    """Who can lift what excludes an address."""

    BLOCKING_ACCOUNT = "BLOCKING_ACCOUNT"
    RECIPIENT = "RECIPIENT"
    NOBODY = "NOBODY"


_LIFTED_BY = {
    Exclusion.BLOCK_LIST: LiftedBy.BLOCKING_ACCOUNT,
    Exclusion.UNSUBSCRIBE: LiftedBy.RECIPIENT,
    Exclusion.BOUNCE: LiftedBy.NOBODY,
}


@dataclass(frozen=True)
class Excluding:
    """One thing that excludes an address. `account_id`: whose it is. `reason`: of a block entry, or the kind
    of the bounce."""

    cause: Exclusion
    account_id: AccountId
    reason: str | None
    since: datetime.datetime
    list_id: uuid.UUID | None

    @property
    def lifted_by(self) -> LiftedBy:
        """Who can lift it."""
        return _LIFTED_BY[self.cause]

    @property
    def stops(self) -> Sequence[SendStream]:
        """The streams on which the address is not sent to because of it."""
        return [stream for stream, causes in EXCLUDED_BY.items() if self.cause in causes]


async def read_excluding(
    reader: Reader, seen: SeenSender, addresses: Sequence[Address | AddressFault]
) -> Mapping[bytes, Sequence[Excluding]]:
    """All that excludes each of the addresses, by their digests: what counts first, first."""
    digests = [each.digest for each in addresses if isinstance(each, Address)]
    found = exclusions(seen.sender.unsubscribe_scope, list(Exclusion)).subquery()
    statement = select(found).order_by(found.c.digest, found.c.cause, found.c.since, found.c.account_id)
    by_digest: defaultdict[bytes, list[Excluding]] = defaultdict(list)
    values = asked_of(seen.sender, digests)
    for row in await reader.far_rows(seen.sender.master_id, statement, values):
        cause = list(Exclusion)[row["cause"]]
        excluding = Excluding(
            cause, AccountId(row["account_id"]), row["reason"], row["since"], row["list_id"]
        )
        by_digest[row["digest"]].append(excluding)
    return by_digest
