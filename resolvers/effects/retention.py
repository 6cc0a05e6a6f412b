"""How long rows are kept that nothing needs for ever, and their deletion.

The rows belong to all trees, so that stored functions delete them with the rights of the tables' owner. One
call deletes the oldest rows by an index, at most BATCH of them, and returns whether there may be more. It
skips locked rows, so that nobody waits.

Tables that are missing here keep their rows on purpose, or are bounded in another way:
`tests/storage/growth.py` states which.
"""

import datetime
from dataclasses import dataclass

from sqlalchemy import func, select

from engine.writes.sessions import WriteSession
from models.effects.jobs import QUEUE_SCHEMA
from models.sending.tables import ReservationStatus

BATCH = 1000
"""The most rows that one transaction deletes."""

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Retention:
    """Rows of a table are deleted so long after the moment in the column `since`. `key`: the columns of its
    primary key."""

    name: str
    table: str
    key: tuple[str, ...]
    since: str
    kept: datetime.timedelta
    only: str = "true"
    """A condition in SQL, if not all rows are meant; the index over `since` has it as well."""

    async def delete_batch(self, session: WriteSession) -> bool:
        """Delete up to BATCH rows in the session's transaction. Returns whether it deleted that many."""
        deleting = select(getattr(func, self._function_name)())
        return bool((await session.execute(deleting)).scalar_one())

    @property
    def _function_name(self) -> str:
        return f"mandant_delete_old_{self.name}"


_GIVEN_BACK = ", ".join(
    f"'{status.value}'" for status in (ReservationStatus.VOIDED, ReservationStatus.EXPIRED)
)

RETENTIONS = (
    # Longer than the longest window of a rate limit.
    Retention("attempts", "attempts", ("subject", "window_start"), "window_start", 3 * _DAY),
    Retention("sessions", "sessions", ("id",), "expires_at", _DAY),
    Retention("devices", "devices", ("id",), "expires_at", _DAY),
    Retention("mailbox_links", "mailbox_links", ("id",), "expires_at", _DAY),
    # Its links are no longer valid by then.
    Retention("mail", "outbox_messages", ("id",), "created_at", 30 * _DAY),
    # What a request made outlives its key.
    Retention(
        "idempotency_records",
        "idempotency_records",
        ("master_id", "account_id", "principal_id", "key"),
        "created_at",
        30 * _DAY,
    ),
    # Nothing counts them any more. Committed reservations stay: costs and invoices use them.
    Retention(
        "reservations",
        "send_reservations",
        ("master_id", "id"),
        "created_at",
        90 * _DAY,
        only=f"status IN ({_GIVEN_BACK})",
    ),
    # Notices go out until 30 days after an end, and only where none is stored.
    Retention(
        "expiry_notices",
        "expiry_notices",
        ("master_id", "account_id", "grant_id", "expires_at", "stage"),
        "expires_at",
        60 * _DAY,
    ),
    # Operators look up how often jobs ran and why they failed.
    Retention("job_log", f"{QUEUE_SCHEMA}.pgqueuer_log", ("id",), "created", 7 * _DAY),
)
