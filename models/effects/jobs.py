"""Jobs for `mandant worker`. The transaction that makes a job necessary puts it into PGQueuer's queue.

The queue has a schema of its own (migration 0015). A job names what to look at, never what to do: when it
runs, the tables of its tree decide what is due. So a job that runs twice, too early or for nothing changes
nothing.
"""

import enum
import uuid
from dataclasses import dataclass

from models.base.ids import MasterId

QUEUE_SCHEMA = "pgq"
"""The schema of PGQueuer's tables."""


class JobKind(enum.Enum):
    """What a job looks at. The value is its name in the queue."""

    RESERVATION_EXPIRY = "reservation_expiry"
    """A cycle (`send_cycles`) that has expired reservations."""
    CYCLE_CLOSE = "cycle_close"
    """A cycle (`send_cycles`) that has ended."""
    TOP_UP = "top_up"
    """An account whose rule is due, or whose top-up waits for its answer."""
    CYCLE_CHARGE = "cycle_charge"
    """An account with a subscription whose cycle has ended."""
    INVOICE_ISSUE = "invoice_issue"
    """An account that is billed."""


@dataclass(frozen=True)
class Job:
    """A job in a tree. `subject_id`: the id of what the kind says."""

    kind: JobKind
    master_id: MasterId
    subject_id: uuid.UUID

    @property
    def payload(self) -> bytes:
        """The job as the queue holds it."""
        return f"{self.master_id} {self.subject_id}".encode()

    @classmethod
    def read(cls, kind: str, payload: bytes | None) -> "Job":
        """The job of these columns of the queue. Raises ValueError for others."""
        master_id, subject_id = (payload or b"").decode().split(" ")
        return cls(JobKind(kind), MasterId(uuid.UUID(master_id)), uuid.UUID(subject_id))


_PRIORITIES = {JobKind.TOP_UP: 0, JobKind.CYCLE_CHARGE: -1, JobKind.INVOICE_ISSUE: -1}
_RANKS = " ".join(f"WHEN '{kind.value}' THEN {priority}" for kind, priority in _PRIORITIES.items())

PRIORITY = f"CASE kind {_RANKS} ELSE 1 END"
"""The priority of a job's kind, as SQL. Top-ups may wait for a payment provider, so urgent jobs come before
them. Billing comes last: many cycles end at the same moment, and must not delay top-ups."""
