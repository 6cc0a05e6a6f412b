"""How long reservations are kept that were given back."""

from models.sending.tables import ReservationStatus
from resolvers.effects.retention import DAY, Retention

_GIVEN_BACK = ", ".join(
    f"'{status.value}'" for status in (ReservationStatus.VOIDED, ReservationStatus.EXPIRED)
)

RETENTIONS = (
    # Nothing counts them any more. Committed reservations stay: costs and invoices use them.
    Retention(
        "reservations",
        "send_reservations",
        ("master_id", "id"),
        "created_at",
        90 * DAY,
        only=f"status IN ({_GIVEN_BACK})",
    ),
)
