"""What has to be done for accounts with credit. A job's subject is an account."""

from models.effects.jobs import JobKind

TOP_UP = JobKind("top_up", due="mandant_top_ups_to_make", priority=0)
"""Its top-up rule is due, or its top-up waits for its answer. Top-ups may wait for a payment provider, so
urgent jobs come before them."""

JOB_KINDS = (TOP_UP,)
