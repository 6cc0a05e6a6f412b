"""What is stored: SQLAlchemy tables and their constraints, one file an area.

Tables of a tree carry `master_id`, and their primary keys, unique constraints and foreign keys lead with
it. Tables without it are reference tables, the same on every node: people, sessions, roles.
"""

from models.access import expiry_notices
from models.accounts import tables as accounts
from models.api_keys import tables as api_keys
from models.base import clock, text_forms
from models.base.columns import metadata
from models.billing import invoices
from models.billing import status_history as account_statuses
from models.billing import tables as billing
from models.budgets import tables as budgets
from models.credit import tables as ledger
from models.effects import attempts, events, idempotency, outbox
from models.invitations import tables as invitations
from models.members import ownership_offers
from models.members import tables as members
from models.parent_access import openings as break_glass
from models.parent_access import requests as parent_access
from models.payments import tables as payments
from models.payments import top_up_rules
from models.people import devices, mailbox_links, sessions, users
from models.plans import tables as plans
from models.roles import tables as roles
from models.sending import recipient_lists
from models.sending import tables as sends
from models.shares import tables as shares
from models.staff import overrides, subaccounts_requests
from models.staff import tables as staff

__all__ = [
    "account_statuses",
    "accounts",
    "api_keys",
    "attempts",
    "billing",
    "break_glass",
    "budgets",
    "clock",
    "devices",
    "events",
    "expiry_notices",
    "idempotency",
    "invitations",
    "invoices",
    "ledger",
    "mailbox_links",
    "members",
    "metadata",
    "outbox",
    "overrides",
    "ownership_offers",
    "parent_access",
    "payments",
    "plans",
    "recipient_lists",
    "roles",
    "sends",
    "sessions",
    "shares",
    "staff",
    "subaccounts_requests",
    "text_forms",
    "top_up_rules",
    "users",
]
