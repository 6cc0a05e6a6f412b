"""What has to be done for cycles. A job's subject is a cycle (`send_cycles`)."""

from models.effects.jobs import JobKind

RESERVATION_EXPIRY = JobKind("reservation_expiry", due="mandant_reservations_to_expire")
"""It has expired reservations."""

CYCLE_CLOSE = JobKind("cycle_close", due="mandant_cycles_to_close")
"""It has ended."""

JOB_KINDS = (RESERVATION_EXPIRY, CYCLE_CLOSE)
