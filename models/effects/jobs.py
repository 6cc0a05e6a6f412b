"""Jobs for `mandant worker`, put into PGQueuer's queue in the transaction that makes them necessary.

The queue lies in a schema of its own (migration 0015). A job names what is to be looked at, never what is to
be done to it: what is due is decided by the tables of its tree when it runs, so that running it twice, too
early or for nothing changes nothing.
"""

import enum
import uuid
from dataclasses import dataclass
from string import Template

from models.base.ids import MasterId
from models.base.stored_functions import Rights, StoredFunction

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


_HEAD = "mandant_enqueue(kind text, tree uuid, subject uuid, run_at timestamptz) RETURNS void"

_PRIORITIES = {JobKind.TOP_UP: 0, JobKind.CYCLE_CHARGE: -1, JobKind.INVOICE_ISSUE: -1}
_RANKS = " ".join(f"WHEN '{kind.value}' THEN {priority}" for kind, priority in _PRIORITIES.items())

PRIORITY = f"CASE kind {_RANKS} ELSE 1 END"
"""Top-ups may wait for a payment provider, and nothing that is urgent is to wait for them. Billing is not:
many cycles end at the same moment, and their credit is to be bought all the same."""

# A job for later waits until the next ten seconds are full and serves all that are put in for then, so that
# a subscription has few of them, however much it sends. A queued one is looked for first: an INSERT notifies
# the workers whether or not it inserts, and transactions that notify are committed one after the other.
_BODY = Template("""
DECLARE
  later boolean := coalesce(run_at > mandant_now(), false);
  full_tens bigint := ceil(extract(epoch FROM now() + (run_at - mandant_now())) / 10);
  key text := CASE WHEN later THEN concat_ws(' ', kind, tree, subject, full_tens) END;
BEGIN
  IF later AND EXISTS (
    SELECT FROM pgq.pgqueuer
    WHERE dedupe_key = key AND dedupe_key IS NOT NULL AND status IN ('queued', 'picked')
  ) THEN
    RETURN;
  END IF;
  WITH queued AS (
    INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
    VALUES (
      $priority, kind, convert_to(concat_ws(' ', tree, subject), 'UTF8'),
      CASE WHEN later THEN to_timestamp(full_tens * 10) ELSE now() END, key, 'queued'
    ) ON CONFLICT DO NOTHING RETURNING id, priority, entrypoint, status
  )
  INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, status, priority, entrypoint FROM queued;
END""").substitute(priority=PRIORITY)

FUNCTIONS = (StoredFunction(_HEAD, _BODY, rights=Rights.APPLICATION),)
