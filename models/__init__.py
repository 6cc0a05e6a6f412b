"""What is stored: SQLAlchemy tables and their constraints, one file an area.

Tables of a tree carry `master_id`, and their primary keys, unique constraints and foreign keys lead with
it. Tables without it are reference tables, the same on every node: people, sessions, roles.
"""

from models import (
    accounts,
    api_keys,
    attempts,
    break_glass,
    budgets,
    clock,
    events,
    expiry_notices,
    idempotency,
    invitations,
    ledger,
    members,
    outbox,
    overrides,
    parent_access,
    payments,
    plans,
    roles,
    sends,
    sessions,
    shares,
    staff,
    subaccounts_requests,
    top_up_rules,
    users,
)
from models.base import metadata

__all__ = [
    "accounts",
    "api_keys",
    "attempts",
    "break_glass",
    "budgets",
    "clock",
    "events",
    "expiry_notices",
    "idempotency",
    "invitations",
    "ledger",
    "members",
    "metadata",
    "outbox",
    "overrides",
    "parent_access",
    "payments",
    "plans",
    "roles",
    "sends",
    "sessions",
    "shares",
    "staff",
    "subaccounts_requests",
    "top_up_rules",
    "users",
]
