"""Jobs for `mandant worker`, put into PGQueuer's queue in the transaction that makes them necessary.

The queue lies in a schema of its own (migration 0015). A job names what is to be looked at, never what is to
be done to it: what is due is decided by the tables of its tree when it runs, so that running it twice, too
early or for nothing changes nothing.
"""

import enum
import uuid
from dataclasses import dataclass

from models.base.ids import MasterId

QUEUE_SCHEMA = "pgq"
"""Of PGQueuer's tables."""


class JobKind(enum.Enum):
    """What is looked at; its value is the name in the queue."""

    RESERVATION_EXPIRY = "reservation_expiry"
    """A cycle (`send_cycles`), of which reservations have expired."""
    CYCLE_CLOSE = "cycle_close"
    """A cycle (`send_cycles`) that has ended."""
    TOP_UP = "top_up"
    """An account whose rule is due, or of which a top-up waits for its answer."""
    CYCLE_CHARGE = "cycle_charge"
    """An account with a subscription, of which a cycle has ended."""
    INVOICE_ISSUE = "invoice_issue"
    """An account that is billed."""


@dataclass(frozen=True)
class Job:
    """`subject_id` is of what the kind says, in this tree."""

    kind: JobKind
    master_id: MasterId
    subject_id: uuid.UUID

    @property
    def payload(self) -> bytes:
        """As the queue holds it."""
        return f"{self.master_id} {self.subject_id}".encode()

    @classmethod
    def read(cls, kind: str, payload: bytes | None) -> "Job":
        """The job of these columns of the queue. Raises ValueError where they are of none."""
        master_id, subject_id = (payload or b"").decode().split(" ")
        return cls(JobKind(kind), MasterId(uuid.UUID(master_id)), uuid.UUID(subject_id))


_PRIORITIES = {JobKind.TOP_UP: 0, JobKind.CYCLE_CHARGE: -1, JobKind.INVOICE_ISSUE: -1}
_RANKS = " ".join(f"WHEN '{kind.value}' THEN {priority}" for kind, priority in _PRIORITIES.items())

PRIORITY = f"CASE kind {_RANKS} ELSE 1 END"
"""Top-ups may wait for a payment provider, and nothing that is urgent is to wait for them. Billing is not:
many cycles end at the same moment, and their credit is to be bought all the same."""
