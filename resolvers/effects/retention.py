"""How long rows are kept that nothing needs for ever, and their deletion after that.

What is deleted is of all trees, so that functions of the database's delete it, as their owner; each answers
no more than whether there may be more. One call deletes the oldest rows, by an index, and at most BATCH of
them; rows that somebody else holds are left to the next call, so that neither waits for the other.

What is not named here is kept on purpose, or is bounded in another way: `tests/storage/growth.py` says of
every table which.
"""

import datetime
from dataclasses import dataclass

from sqlalchemy import func, select

from engine.writes.sessions import WriteSession
from models.effects.jobs import QUEUE_SCHEMA
from models.sending.tables import ReservationStatus

BATCH = 1000
"""The most rows of one transaction."""

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Retention:
    """Rows of a table, with the columns of its primary key, are deleted so long after the moment `since`."""

    name: str
    table: str
    key: tuple[str, ...]
    since: str
    kept: datetime.timedelta
    only: str = "true"
    """A condition in SQL, if not all rows are meant; the index over `since` has it as well."""

    async def delete_batch(self, session: WriteSession) -> bool:
        """Delete up to BATCH rows, in the session's transaction. Whether it stopped at that many."""
        deleting = select(getattr(func, self._function_name)())
        return bool((await session.execute(deleting)).scalar_one())

    @property
    def _function_name(self) -> str:
        return f"mandant_delete_old_{self.name}"


_GIVEN_BACK = ", ".join(
    f"'{status.value}'" for status in (ReservationStatus.VOIDED, ReservationStatus.EXPIRED)
)

RETENTIONS = (
    # Longer than the longest window that tries are counted in.
    Retention("attempts", "attempts", ("subject", "window_start"), "window_start", 3 * _DAY),
    Retention("sessions", "sessions", ("id",), "expires_at", _DAY),
    Retention("devices", "devices", ("id",), "expires_at", _DAY),
    Retention("mailbox_links", "mailbox_links", ("id",), "expires_at", _DAY),
    # Its links have ended by then, so that nobody needs what could not be sent so long.
    Retention("mail", "outbox_messages", ("id",), "created_at", 30 * _DAY),
    # What a request made is kept longer than its key: whoever repeats it is answered with that.
    Retention(
        "idempotency_records",
        "idempotency_records",
        ("master_id", "account_id", "principal_id", "key"),
        "created_at",
        30 * _DAY,
    ),
    # Nothing counts them any more. What was committed is what was sent: costs and invoices go by it.
    Retention(
        "reservations",
        "send_reservations",
        ("master_id", "id"),
        "created_at",
        90 * _DAY,
        only=f"status IN ({_GIVEN_BACK})",
    ),
    # An end is told of until 30 days after it, and only if no notice is there.
    Retention(
        "expiry_notices",
        "expiry_notices",
        ("master_id", "account_id", "grant_id", "expires_at", "stage"),
        "expires_at",
        60 * _DAY,
    ),
    # For the operator's questions: how often what was done, and why it failed.
    Retention("job_log", f"{QUEUE_SCHEMA}.pgqueuer_log", ("id",), "created", 7 * _DAY),
)
